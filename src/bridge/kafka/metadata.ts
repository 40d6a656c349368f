import type { Exchange } from 'kafkajs/src/network/connection.js'
import {
  compactLength,
  compactString,
  noTags,
  readArray,
  readId,
  readLength,
  readText,
  skipText,
  tags,
} from './flexible.ts'
import { exchange } from './protocol.ts'

export type PartitionMetadata = Readonly<{ code: number; partition: number; leader: number }>
export type TopicMetadata = Readonly<{
  code: number
  name: string
  /** Of this topic and of no later one with its name; null where the brokers are too old to say. */
  id: string | null
  partitions: readonly PartitionMetadata[]
}>
export type Metadata = Readonly<{
  nodes: readonly Readonly<{ id: number; host: string; port: number }>[]
  topics: readonly TopicMetadata[]
}>

const api = { key: 3, name: 'Metadata' }
/** The version that tells the ids of topics; brokers know it from 3.0 on. */
const withIds = 12

/** Asks for topics by name. Never creates one: a refresh must not bring a deleted one back. */
export const metadataRequest = (topics: readonly string[], knows = olderOnly): Exchange<Metadata> =>
  knows(api.key, withIds) ? newer(topics) : older(topics)

const olderOnly = (_api: number, _version: number): boolean => false

/** Version 5. */
const older = (topics: readonly string[]): Exchange<Metadata> =>
  exchange(
    { ...api, version: 5, throttleAt: 0 },
    out => {
      out.int32(topics.length)
      for (const topic of topics) out.string(topic)
      out.int8(0)
    },
    from => {
      from.int32()
      const nodes = from.array(() => {
        const node = { id: from.int32(), host: from.string() ?? '', port: from.int32() }
        from.string()
        return node
      })
      from.string()
      from.int32()
      const ids = (): void => void from.array(() => from.int32())
      const found = from.array(() => {
        const code = from.int16()
        const name = from.string() ?? ''
        from.int8()
        const partitions = from.array(() => {
          const partition = { code: from.int16(), partition: from.int32(), leader: from.int32() }
          ids()
          ids()
          ids()
          return partition
        })
        return { code, name, id: null, partitions }
      })
      return { nodes, topics: found }
    },
  )

const newer = (topics: readonly string[]): Exchange<Metadata> =>
  exchange(
    { ...api, version: withIds, throttleAt: 1 },
    out => {
      noTags(out)
      compactLength(out, topics.length)
      for (const topic of topics) {
        out.raw(unnamed)
        compactString(out, topic)
        noTags(out)
      }
      out.int8(0)
      out.int8(0)
      noTags(out)
    },
    from => {
      tags(from)
      from.int32()
      const nodes = readArray(from, () => {
        const node = { id: from.int32(), host: readText(from), port: from.int32() }
        skipText(from)
        tags(from)
        return node
      })
      skipText(from)
      from.int32()
      const ids = (): void => from.skip(4 * Math.max(0, readLength(from)))
      const found = readArray(from, () => {
        const code = from.int16()
        const name = readText(from)
        const id = readId(from)
        from.int8()
        const partitions = readArray(from, () => {
          const partition = { code: from.int16(), partition: from.int32(), leader: from.int32() }
          from.int32()
          ids()
          ids()
          ids()
          tags(from)
          return partition
        })
        from.int32()
        tags(from)
        return { code, name, id: id === nobody ? null : id, partitions }
      })
      return { nodes, topics: found }
    },
  )

const unnamed = Buffer.alloc(16) // by name, not by id
const nobody = unnamed.toString('hex')
