import type { Exchange } from 'kafkajs/src/network/connection.js'
import { compactLength, compactString, readLength, readText, skipText, tags } from './flexible.ts'
import { codes, exchange } from './protocol.ts'

export type Coordinator = Readonly<{ code: number; node: number }>

/** FindCoordinator, version 1: the node that keeps a group. */
export const coordinatorRequest = (group: string): Exchange<Coordinator> =>
  exchange(
    { key: 10, version: 1, name: 'FindCoordinator' },
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

export type Described = Readonly<{ code: number; state: string; members: number }>

/** DescribeGroups, version 1. A group of the newer protocol is told as dead, as one that is not there. */
export const groupRequest = (group: string): Exchange<Described> =>
  exchange(
    { key: 15, version: 1, name: 'DescribeGroups' },
    out => {
      out.int32(1)
      out.string(group)
    },
    from => {
      from.int32()
      if (from.int32() === 0) return missing
      const code = from.int16()
      from.string()
      const state = from.string() ?? ''
      from.string()
      from.string()
      return { code, state, members: Math.max(0, from.int32()) } // what they subscribe to and hold, nobody needs
    },
  )

/** The number of ConsumerGroupDescribe, which brokers know from 3.7 on. */
export const consumerGroupApi = 69

/** ConsumerGroupDescribe, version 0: a group of the newer protocol (KIP-848). */
export const consumerGroupRequest = (group: string): Exchange<Described> =>
  exchange(
    { key: consumerGroupApi, version: 0, name: 'ConsumerGroupDescribe' },
    out => {
      out.int8(0) // no tagged fields: the end of the newer header, of which kafkajs writes the older part
      compactLength(out, 1)
      compactString(out, group)
      out.int8(0)
      out.int8(0)
    },
    from => {
      tags(from)
      from.int32()
      if (readLength(from) <= 0) return missing
      const code = from.int16()
      skipText(from)
      skipText(from)
      const state = readText(from)
      from.skip(8)
      skipText(from)
      return { code, state, members: Math.max(0, readLength(from)) }
    },
  )

export type Committed = Readonly<{ code: number; offsets: ReadonlyMap<number, bigint> }>

/** OffsetFetch, version 3: what a group has committed in partitions of one topic; −1 where nothing. */
export const committedRequest = (group: string, topic: string, partitions: number): Exchange<Committed> =>
  exchange(
    { key: 9, version: 3, name: 'OffsetFetch' },
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

const missing: Described = { code: codes.groupIdNotFound, state: 'Dead', members: 0 }
