import type { Headers, Incoming } from '../../broker.ts'
import { Violations } from '../codec.ts'
import type { Codec } from '../codec.ts'
import type { Id } from './client.ts'

/** How ids travel: whose form it is, which kind of id it carries, and whether in front of the value or beside it. */
export type Framing = Readonly<{ kind: 'apicurio' | 'confluent'; ids: Id['kind']; idsIn: 'payload' | 'headers' }>
/** A value as it came: its schema's id, and what is left of it. */
export type Framed = Readonly<{ id: Id; rest: Uint8Array; headers: Headers; form: Framing['kind'] }>

/** Which part of a record is meant. */
export type Part = 'value' | 'key'

const apicurioHeaders = {
  value: { content: 'apicurio.value.contentId', global: 'apicurio.value.globalId' },
  key: { content: 'apicurio.key.contentId', global: 'apicurio.key.globalId' },
} as const
const guidHeaders = { value: '__value_schema_id', key: '__key_schema_id' } as const
const none = Buffer.alloc(0)
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

/** Makes the function that puts the id of a schema to its values. Throws an Error where the schema has no id of that kind. */
export function framer(
  framing: Framing,
  ids: readonly Id[],
  codec: Codec,
): (value: Uint8Array) => Readonly<{ value: Uint8Array; headers: Headers }> {
  const { kind, idsIn } = framing
  const wanted = kind === 'confluent' && idsIn === 'headers' ? 'guid' : framing.ids
  const id = ids.find(one => one.kind === wanted)
  if (id === undefined) throw new Error(`the registry gives it no ${wanted} id`)
  const place =
    codec.message === undefined
      ? none
      : kind === 'apicurio'
        ? named(codec.message.name)
        : indexed(codec.message.indexes)
  if (idsIn === 'payload') {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(Number(id.value), 1)
    const before = Buffer.concat([head, place])
    return value => ({ value: Buffer.concat([before, value]), headers: [] })
  }
  if (kind === 'confluent') {
    const header = Buffer.concat([Buffer.of(1), Buffer.from(id.value.replaceAll('-', ''), 'hex'), place])
    const headers: Headers = [[guidHeaders.value, header]]
    return value => ({ value, headers })
  }
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(BigInt(id.value))
  const headers: Headers = [
    [id.kind === 'global' ? apicurioHeaders.value.global : apicurioHeaders.value.content, number],
    ...(codec.format === 'avro' ? [['apicurio.value.encoding', Buffer.from('BINARY')] as const] : []),
    ...(codec.message === undefined ? [] : [['apicurio.protobuf.type', Buffer.from(codec.message.name)] as const]),
  ]
  return value => ({ value: place.length === 0 ? value : Buffer.concat([place, value]), headers })
}

/** What a record says of the schema of a part of it, by its headers or else by the first bytes there; null: nothing. */
export function framedOf(
  { headers, value }: Pick<Incoming, 'headers' | 'value'>,
  { kind, ids }: Pick<Framing, 'kind' | 'ids'>,
  part: Part = 'value',
): Framed | null {
  if (value === null) return null
  const [numbers, guid] = [apicurioHeaders[part], guidHeaders[part]]
  for (const [name, said] of headers) {
    const bytes = Buffer.from(said)
    if ((name === numbers.content || name === numbers.global) && bytes.length === 8) {
      const id: Id = {
        kind: name === numbers.global ? 'global' : 'content',
        value: String(bytes.readBigUInt64BE()),
      }
      return { id, rest: value, headers, form: 'apicurio' }
    }
    if (name === guid && bytes[0] === 1 && bytes.length >= 17) {
      return {
        id: { kind: 'guid', value: dashed(bytes.subarray(1, 17)) },
        rest: Buffer.concat([bytes.subarray(17), value]),
        headers,
        form: 'confluent',
      }
    }
  }
  if (value.length < 5 || value[0] !== 0) return null
  const id: Id = { kind: ids, value: String(Buffer.from(value.buffer, value.byteOffset, 5).readUInt32BE(1)) }
  return { id, rest: value.subarray(5), headers, form: kind }
}

/** A GUID as text. */
const dashed = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** The JSON of a framed value. Throws Violations. */
export function readFramed({ rest, form }: Framed, codec: Codec): Uint8Array {
  if (codec.message === undefined) return codec.read(rest)
  const bytes = new Varints(rest)
  if (form === 'apicurio') {
    const end = bytes.next() + bytes.at
    const name = bytes.at === end ? null : bytes.field()
    bytes.at = end
    return (name === null ? codec : codec.message.of(name)).read(bytes.rest)
  }
  const count = bytes.signed()
  if (count < 0 || count > 64) throw cut()
  const indexes = count === 0 ? [0] : Array.from({ length: count }, () => bytes.signed())
  return codec.message.of(indexes).read(bytes.rest)
}

/** Apicurio: a message, with its length, whose first field is the name of the type. */
function named(name: string): Buffer {
  const field = Buffer.concat([Buffer.of(0x0a), varint(Buffer.byteLength(name)), Buffer.from(name)])
  return Buffer.concat([varint(field.length), field])
}

/** Confluent: how many, then each, zigzag; the first message of a file is a single zero. */
const indexed = (indexes: readonly number[]): Buffer =>
  indexes.length === 1 && indexes[0] === 0
    ? Buffer.of(0)
    : Buffer.concat([indexes.length, ...indexes].map(index => varint(index * 2)))

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.of(...bytes, rest)
}

const cut = (): Violations => new Violations([{ pointer: '', message: 'does not say which message it is' }])

class Varints {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get rest(): Uint8Array {
    if (this.at > this.#bytes.length) throw cut()
    return this.#bytes.subarray(this.at)
  }

  next(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) throw cut()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw cut()
  }

  signed(): number {
    const value = this.next()
    return (value >>> 1) ^ -(value & 1)
  }

  /** The text of a field of the number 1. */
  field(): string {
    if (this.next() !== 0x0a) throw cut()
    const length = this.next()
    if (this.at + length > this.#bytes.length) throw cut()
    return text(this.#bytes.subarray(this.at, (this.at += length)))
  }
}
