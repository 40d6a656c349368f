import { isUtf8 } from 'node:buffer'
import type { Header, Headers, Incoming } from '../broker.ts'

/** Who appends, for whom the log takes each batch once: the `Producer-…` headers of a request. */
export type Producer = Readonly<{ id: string; epoch: number; seq: number }>
/** What a record does to its stream. A record that somebody else wrote is an append. */
export type Step = Readonly<{
  kind: 'create' | 'append' | 'delete'
  type: string | null // content type, as it was said
  producer: Producer | null
  seq: string | null // Stream-Seq
  closes: boolean
  value: Uint8Array | null // null: nothing is appended
}>

const names = { kind: 'stream-step', type: 'content-type', seq: 'stream-seq', closes: 'stream-closed' } as const
const own = { id: 'producer-id', epoch: 'producer-epoch', seq: 'producer-seq' } as const

export function headersOf({ kind, type, producer, seq, closes }: Step): Headers {
  const headers: Header[] = [header(names.kind, kind)]
  if (type !== null) headers.push(header(names.type, type))
  if (seq !== null) headers.push(header(names.seq, seq))
  if (closes) headers.push(header(names.closes, 'true'))
  if (producer !== null)
    headers.push(
      header(own.id, producer.id),
      header(own.epoch, `${producer.epoch}`),
      header(own.seq, `${producer.seq}`),
    )
  return headers
}

export function stepOf({ headers, value }: Incoming): Step {
  const said = new Map(
    headers.map(([name, text]) => [name.toLowerCase(), isUtf8(text) ? Buffer.from(text).toString() : '']),
  )
  const kind = said.get(names.kind)
  const type = said.get(names.type) ?? null
  if (kind !== 'create' && kind !== 'append' && kind !== 'delete')
    return { kind: 'append', type, producer: null, seq: null, closes: false, value }
  const [id, epoch, seq] = [said.get(own.id), Number(said.get(own.epoch)), Number(said.get(own.seq))]
  const producer = id === undefined || !Number.isSafeInteger(epoch + seq) ? null : { id, epoch, seq }
  return { kind, type, producer, seq: said.get(names.seq) ?? null, closes: said.get(names.closes) === 'true', value }
}

const header = (name: string, text: string): Header => [name, Buffer.from(text)]

/** Content types are compared without their parameters, whatever their case. */
export const plainType = (type: string): string => (type.split(';', 1)[0] ?? '').trim().toLowerCase()
