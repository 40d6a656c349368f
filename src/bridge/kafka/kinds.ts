import type { Exchange } from 'kafkajs/src/network/connection.js'
import type { Reader } from './bytes.ts'
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
import { codes, exchange } from './protocol.ts'

/** A group as it was described. `holding`: the members that hold partitions of the topic; null where that is not read. */
export type Described = Readonly<{ code: number; state: string; members: number; holding: number | null }>
/** The protocol that the members of a group speak. Each is seen by a request of its own, and to all others such a group is dead. */
export type Kind = 'classic' | 'consumer' | 'share' | 'streams'
/** How groups of a kind are described; `api` and `version` are what a node must know. */
export type Describes = Readonly<{
  kind: Kind
  api: number
  version: number
  request: (group: string, topic: string) => Exchange<Described>
}>

const missing: Described = { code: codes.groupIdNotFound, state: 'Dead', members: 0, holding: null }

/** DescribeGroups, version 1. Of members nobody needs what they subscribe to and hold. */
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
      return { code, state, members: Math.max(0, from.int32()), holding: null }
    },
  )

/** The three newer requests are written alike; what follows the state of the group differs. */
const newer = (
  api: Readonly<{ key: number; version: number; name: string }>,
  readMembers: (from: Reader, topic: string) => Pick<Described, 'members' | 'holding'>,
) =>
  function describe(group: string, topic: string): Exchange<Described> {
    return exchange(
      api,
      out => {
        noTags(out)
        compactLength(out, 1)
        compactString(out, group)
        out.int8(0)
        noTags(out)
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
        return code === codes.none ? { code, state, ...readMembers(from, topic) } : { ...missing, code }
      },
    )
  }

/** Reads the members one by one, and counts those whose assignment has a partition of the topic. */
function counted(from: Reader, topic: string, toAssignment: () => void, rest: () => void) {
  let holding = 0
  const members = readArray(from, () => {
    toAssignment()
    if (holds(from, topic)) holding++
    rest()
    tags(from)
  }).length
  return { members, holding }
}

function holds(from: Reader, topic: string): boolean {
  const held = readArray(from, () => {
    readId(from)
    const name = readText(from)
    const partitions = readLength(from)
    from.skip(4 * Math.max(0, partitions))
    tags(from)
    return name === topic && partitions > 0
  })
  tags(from)
  return held.includes(true)
}

const texts = (from: Reader, count: number): void => {
  for (let i = 0; i < count; i++) skipText(from)
}

/** ConsumerGroupDescribe, version 0 (KIP-848): brokers know it from 3.7 on. */
export const consumerGroupRequest = newer({ key: 69, version: 0, name: 'ConsumerGroupDescribe' }, (from, topic) => {
  skipText(from) // the assignor
  const toAssignment = (): void => {
    texts(from, 3)
    from.int32()
    texts(from, 2)
    readArray(from, () => skipText(from))
    skipText(from)
  }
  return counted(from, topic, toAssignment, () => holds(from, topic)) // the target comes second
})

/** ShareGroupDescribe, version 1 (KIP-932): brokers know it from 4.1 on. */
export const shareGroupRequest = newer({ key: 77, version: 1, name: 'ShareGroupDescribe' }, (from, topic) => {
  skipText(from)
  const toAssignment = (): void => {
    texts(from, 2)
    from.int32()
    texts(from, 2)
    readArray(from, () => skipText(from))
  }
  return counted(from, topic, toAssignment, () => {})
})

/** StreamsGroupDescribe, version 0 (KIP-1071): brokers know it from 4.1 on. Its members hold tasks, no partitions. */
export const streamsGroupRequest = newer({ key: 89, version: 0, name: 'StreamsGroupDescribe' }, from => {
  if (from.int8() >= 0) skipTopology(from)
  return { members: Math.max(0, readLength(from)), holding: null }
})

function skipTopology(from: Reader): void {
  const topics = (): void => {
    readArray(from, () => {
      skipText(from)
      from.skip(6)
      readArray(from, () => {
        texts(from, 2)
        tags(from)
      })
      tags(from)
    })
  }
  from.int32()
  readArray(from, () => {
    skipText(from)
    readArray(from, () => skipText(from))
    readArray(from, () => skipText(from))
    topics()
    topics()
    tags(from)
  })
  tags(from)
}

export const kinds: readonly Describes[] = [
  { kind: 'classic', api: 15, version: 1, request: groupRequest },
  { kind: 'consumer', api: 69, version: 0, request: consumerGroupRequest },
  { kind: 'share', api: 77, version: 1, request: shareGroupRequest },
  { kind: 'streams', api: 89, version: 0, request: streamsGroupRequest },
]
