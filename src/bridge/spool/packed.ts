import type { Headers, Outgoing } from '../broker.ts'
import type { Kept } from './table.ts'
import type { EpochMs } from '../../clock.ts'

// A spooled event is forwarded whenever the brokers are back: nobody set a time after which it is not wanted.
const passing: ReadonlySet<string> = new Set(['sluice-expires'])

const latin1 = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')

/** Headers as a text of JSON, each byte of a value as one character. */
export const pack = (headers: Headers): string =>
  JSON.stringify(headers.filter(([name]) => !passing.has(name)).map(([name, value]) => [name, latin1(value)]))

export const unpack = (headers: string): Headers =>
  (JSON.parse(headers) as [string, string][]).map(([name, value]) => [name, Buffer.from(value, 'latin1')])

export const kept = ({ topic, key, value, headers, acks }: Outgoing, at: EpochMs): Kept => ({
  topic,
  key,
  value,
  headers: pack(headers),
  acks,
  at,
})
