import type { Headers, Outgoing } from '../broker.ts'
import type { Beginning } from '../operations/event.ts'
import type { Kept } from './table.ts'
import type { EpochMs } from '../../clock.ts'

// A spooled event is forwarded whenever the brokers are back: nobody set a time after which it is not wanted.
const passing: ReadonlySet<string> = new Set(['sluice-expires'])

const latin1 = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')

/** The operation of a command; `inDoubt`: its command may have been sent before it was put on disk. */
export type Waiting = Beginning & Readonly<{ inDoubt: boolean }>

/** Beside the headers of a command, on disk only. */
export const operationHeader = 'sluice-spool-operation'

/** Headers as a text of JSON, each byte of a value as one character. */
export const pack = (headers: Headers): string => packAll(headers.filter(([name]) => !passing.has(name)))

const packAll = (headers: Headers): string => JSON.stringify(headers.map(([name, value]) => [name, latin1(value)]))

export const unpack = (headers: string): Headers =>
  (JSON.parse(headers) as [string, string][]).map(([name, value]) => [name, Buffer.from(value, 'latin1')])

export function kept({ topic, key, value, headers, acks, operation }: Outgoing, at: EpochMs, inDoubt = false): Kept {
  const bytes = { key: own(key), value: own(value) }
  if (operation === undefined) return { topic, ...bytes, headers: pack(headers), acks, at }
  const waiting: Waiting = { ...operation, inDoubt }
  const beside = [operationHeader, Buffer.from(JSON.stringify(waiting))] as const
  return { topic, ...bytes, headers: packAll([...headers, beside]), acks, at }
}

/** In memory of its own: a view of a larger buffer, as bodies are, would be handed to the thread of the disk with all of that. */
const own = (bytes: Uint8Array | null): Uint8Array | null => (bytes === null ? null : new Uint8Array(bytes))

/** The headers of the record, and the operation that its command begins, null of an event. */
export function unpackCommand(packed: string): Readonly<{ headers: Headers; waiting: Waiting | null }> {
  const all = unpack(packed)
  const beside = all.find(([name]) => name === operationHeader)
  if (beside === undefined) return { headers: all, waiting: null }
  const headers = all.filter(([name]) => name !== operationHeader)
  return { headers, waiting: JSON.parse(Buffer.from(beside[1]).toString()) as Waiting }
}
