import type { Exchange } from 'kafkajs/src/network/connection.js'
import { compactLength, compactString, noTags, readArray, readId, readText, skipText, tags } from './flexible.ts'
import { codes, exchange } from './protocol.ts'

export type Coordinator = Readonly<{ code: number; node: number }>

/** FindCoordinator, version 1: the node that keeps a group. */
export const coordinatorRequest = (group: string): Exchange<Coordinator> =>
  exchange(
    { key: 10, version: 1, name: 'FindCoordinator', throttleAt: 0 },
    out => {
      out.string(group)
      out.int8(0)
    },
    from => {
      from.int32()
      const code = from.int16()
      from.string()
      return { code, node: from.int32() }
    },
  )

export const listApi = { key: 16, version: 5, name: 'ListGroups' } as const
/** The groups that a node keeps, with the type of each: classic, consumer, share, streams, or one of later. */
export type Types = Readonly<{ code: number; types: ReadonlyMap<string, string> }>

/** ListGroups, version 5: brokers know it from 3.8 on. Those that we may not describe are left out in silence. */
export const listRequest = (): Exchange<Types> =>
  exchange(
    listApi,
    out => {
      noTags(out)
      compactLength(out, 0) // of any state
      compactLength(out, 0) // of any type
      noTags(out)
    },
    from => {
      tags(from)
      from.int32()
      const code = from.int16()
      const groups = readArray(from, () => {
        const group = readText(from)
        skipText(from)
        skipText(from)
        const type = readText(from).toLowerCase()
        tags(from)
        return [group, type] as const
      })
      return { code, types: new Map(groups) }
    },
  )

export type Committed = Readonly<{ code: number; offsets: ReadonlyMap<number, bigint> }>

/** OffsetFetch, version 3: what a group has committed in partitions of one topic; −1 where nothing. */
export const committedRequest = (group: string, topic: string, partitions: number): Exchange<Committed> =>
  exchange(
    { key: 9, version: 3, name: 'OffsetFetch', throttleAt: 0 },
    out => {
      out.string(group)
      out.int32(1)
      out.string(topic)
      out.int32(partitions)
      for (let partition = 0; partition < partitions; partition++) out.int32(partition)
    },
    from => {
      from.int32()
      const offsets = new Map<number, bigint>()
      let failed: number = codes.none
      from.array(() => {
        from.string()
        from.array(() => {
          const partition = from.int32()
          offsets.set(partition, from.int64())
          from.string()
          failed ||= from.int16()
        })
      })
      return { code: from.int16() || failed, offsets }
    },
  )

/** DescribeShareGroupOffsets, version 1: how far a share group is behind in partitions of one topic; OffsetFetch sees nothing of it. */
export const shareLagRequest = (group: string, topic: string, partitions: number): Exchange<Lags> =>
  exchange(
    { key: shareLagApi, version: 1, name: 'DescribeShareGroupOffsets' },
    out => {
      noTags(out)
      compactLength(out, 1)
      compactString(out, group)
      compactLength(out, 1)
      compactString(out, topic)
      compactLength(out, partitions)
      for (let partition = 0; partition < partitions; partition++) out.int32(partition)
      for (let structures = 0; structures < 3; structures++) noTags(out)
    },
    from => {
      tags(from)
      from.int32()
      const lags = new Map<number, bigint>()
      let failed: number = codes.none
      readArray(from, () => {
        skipText(from)
        readArray(from, () => {
          skipText(from)
          readId(from)
          readArray(from, () => {
            const partition = from.int32()
            from.skip(12)
            lags.set(partition, from.int64())
            failed ||= from.int16()
            skipText(from)
            tags(from)
          })
          tags(from)
        })
        failed ||= from.int16()
        skipText(from)
        tags(from)
      })
      return { code: failed, lags }
    },
  )

export const shareLagApi = 90
/** Records that a share group has not done yet, by partition; −1 where it has not begun. */
export type Lags = Readonly<{ code: number; lags: ReadonlyMap<number, bigint> }>
