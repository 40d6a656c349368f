import type { Broker } from '../../src/bridge/broker.ts'
import type { Scope } from './scope.ts'

export type Seen = Readonly<{
  partition: number
  offset: bigint
  key: Buffer | null
  value: Buffer | null
  headers: readonly (readonly [name: string, value: Buffer])[]
}>

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Every record of a topic from its beginning, as it comes. */
export async function follow(t: Scope, broker: Broker, topic: string): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  const reading = await broker.subscribe({ topic, partitions: 'all', from: 'earliest' }, record =>
    seen.push({
      partition: record.partition,
      offset: record.offset,
      key: record.key === null ? null : buffer(record.key),
      value: record.value === null ? null : buffer(record.value),
      headers: record.headers.map(([name, value]) => [name, buffer(value)] as const),
    }),
  )
  t.after(() => reading[Symbol.asyncDispose]())
  return seen
}
