import type { Format } from '../../format.ts'
import type { Violation } from '../../problem.ts'

/** Which message of a Protobuf file is meant, and the codec of another, by its name or by its place. Throws Violations. */
export type Message = Readonly<{
  name: string // without its package
  indexes: readonly number[] // its place in the file, from the outermost message
  of: (which: string | readonly number[]) => Codec
}>

/** A compiled schema: turns the JSON of clients into what is on the topic, and back. Both throw Violations. */
export type Codec = Readonly<{
  format: Format
  /** Content type of what it writes; null: as it came. */
  contentType: string | null
  /** The value of a record, of the bytes of a JSON text. Throws invalid-request too, when these are none. */
  write: (json: Uint8Array) => Uint8Array
  /** The bytes of a JSON text, of the value of a record. */
  read: (value: Uint8Array) => Uint8Array
  message?: Message
  /** What its JSON is, as a JSON Schema that stands at this place of a document, such as `#/components/schemas/Order`. */
  shown: (place: string) => Readonly<Record<string, unknown>>
}>

/** A schema as it is written, and those that it refers to, by the names that it uses. */
export type Source = Readonly<{
  name: string // for people
  text: string
  references: ReadonlyMap<string, string>
  message?: string | undefined // the full name of the one that is meant, where there are several
}>

/** Why a value is not what its schema allows: all that is known, 200 at most. */
export class Violations extends Error {
  override readonly name = 'Violations'
  readonly list: readonly Violation[]

  constructor(list: readonly Violation[]) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0 // it is an answer, no surprise
    super(told(list))
    Error.stackTraceLimit = limit
    this.list = list.slice(0, mostTold)
  }
}

const mostTold = 200

const told = (list: readonly Violation[]): string => {
  const shown = list.slice(0, 3).map(({ pointer, message }) => (pointer === '' ? message : `${pointer} ${message}`))
  return `${shown.join('; ')}${list.length > 3 ? `; and ${list.length - 3} more` : ''}`
}

/** One more step of a JSON pointer (RFC 6901). */
export const step = (pointer: string, name: string | number): string =>
  `${pointer}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
