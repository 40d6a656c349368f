import type { Violation } from '../../../problem.ts'
import { step } from '../codec.ts'
import { Digits, wholeOf } from '../numbers.ts'
import type { Sink } from './bytes.ts'
import type { Field, Node } from './model.ts'
import { conversionOf } from './textual.ts'
import type { Conversion } from './textual.ts'
import { kindOf, taggedOf } from './union.ts'
import type { Kind } from './union.ts'

/** Where values go, and what is wrong with them. */
export type Writing = Readonly<{ sink: Sink; violations: Violation[] }>
/** Writes a value, or complains of it: then what is written is of no use. */
export type Write = (value: unknown, to: Writing, pointer: string) => void

const writers = new WeakMap<Node, Write>()

/** Compiles the writer of a type. */
export function writerOf(node: Node): Write {
  const known = writers.get(node)
  if (known !== undefined) return known
  let made: Write | null = null
  writers.set(node, (value, to, pointer) => (made as Write)(value, to, pointer)) // for types that refer to themselves
  made = compiled(node)
  writers.set(node, made)
  return made
}

const complain = ({ violations }: Writing, pointer: string, message: string): void =>
  void violations.push({ pointer, message })

function compiled(node: Node): Write {
  switch (node.kind) {
    case 'null':
      return (value, to, pointer) => {
        if (value !== null) complain(to, pointer, 'must be null')
      }
    case 'boolean':
      return (value, to, pointer) => {
        if (typeof value === 'boolean') to.sink.byte(value ? 1 : 0)
        else complain(to, pointer, 'must be true or false')
      }
    case 'int':
      return (value, to, pointer) => writeInt(value, to, pointer)
    case 'long':
      return (value, to, pointer) => writeLong(wholeOf(value), to, pointer, 'must be a whole number of 64 bits')
    case 'float':
    case 'double':
      return floatWriter(node.kind)
    case 'string':
      return (value, to, pointer) => {
        if (typeof value !== 'string') complain(to, pointer, 'must be text')
        else if (!to.sink.text(value)) complain(to, pointer, 'is no Unicode')
      }
    case 'enum':
      return enumWriter(node.symbols)
    case 'array':
      return arrayWriter(writerOf(node.items))
    case 'map':
      return mapWriter(writerOf(node.items))
    case 'record':
      return recordWriter(node.fields)
    case 'union':
      return unionWriter(node.branches)
    case 'bytes':
    case 'fixed':
    case 'decimal':
    case 'uuid':
    case 'date':
    case 'clock':
    case 'moment':
    default:
      return textualWriter(conversionOf(node))
  }
}

function writeInt(value: unknown, to: Writing, pointer: string): void {
  const whole = typeof value === 'number' ? value : Number(wholeOf(value) ?? NaN)
  if (whole === (whole | 0)) to.sink.long(whole)
  else complain(to, pointer, 'must be a whole number of 32 bits')
}

function writeLong(whole: number | bigint | null, to: Writing, pointer: string, expected: string): void {
  if (typeof whole === 'number') to.sink.long(whole)
  else if (whole !== null && BigInt.asIntN(64, whole) === whole) to.sink.bigint(whole)
  else complain(to, pointer, expected)
}

/** What JSON has no number for. */
const specials: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
])

function floatWriter(kind: 'float' | 'double'): Write {
  const isThere = kind === 'float' ? (n: number) => Number.isFinite(Math.fround(n)) : Number.isFinite
  return (value, { sink, violations }, pointer) => {
    const number = value instanceof Digits ? Number(value.text) : value
    const said = typeof number === 'number' && isThere(number) ? number : specials.get(value)
    if (said === undefined) violations.push({ pointer, message: `must be a number, within the range of a ${kind}` })
    else sink[kind](said)
  }
}

function enumWriter(symbols: readonly string[]): Write {
  const places = new Map<unknown, number>(symbols.map((symbol, i) => [symbol, i]))
  return (value, to, pointer) => {
    const place = places.get(value)
    if (place === undefined) complain(to, pointer, `must be one of ${symbols.join(', ').slice(0, 300)}`)
    else to.sink.long(place)
  }
}

function arrayWriter(item: Write): Write {
  return (value, to, pointer) => {
    if (!Array.isArray(value)) return complain(to, pointer, 'must be an array')
    const { sink } = to
    if (value.length > 0) sink.long(value.length)
    for (let i = 0; i < value.length; i++) item(value[i], to, `${pointer}/${i}`)
    sink.long(0)
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits)

function mapWriter(item: Write): Write {
  return (value, to, pointer) => {
    if (!isObject(value)) return complain(to, pointer, 'must be an object')
    const names = Object.keys(value)
    if (names.length > 0) to.sink.long(names.length)
    for (const name of names) {
      if (!to.sink.text(name)) complain(to, pointer, 'has a name that is no Unicode')
      item(value[name], to, step(pointer, name.slice(0, 100)))
    }
    to.sink.long(0)
  }
}

function recordWriter(fields: readonly Field[]): Write {
  const parts = fields.map(({ name, type, fallback }) => ({
    name,
    fallback,
    inherited: name in Object.prototype, // every object has it, in a way
    below: `/${name}`,
    write: writerOf(type),
  }))
  const names = new Set(fields.map(({ name }) => name))
  return (value, to, pointer) => {
    if (!isObject(value)) return complain(to, pointer, 'must be an object')
    let found = 0
    for (const { name, fallback, inherited, below, write } of parts) {
      const inner = value[name]
      if (inner !== undefined && (!inherited || Object.hasOwn(value, name))) {
        found++
        write(inner, to, pointer + below)
      } else if (fallback !== null) to.sink.bytes(fallback)
      else complain(to, pointer, `must have required property '${name}'`)
    }
    let given = 0
    for (const _name in value) given++ // without a list of them
    if (given === found) return
    for (const name of Object.keys(value))
      if (!names.has(name)) complain(to, step(pointer, name.slice(0, 100)), 'is not known')
  }
}

const jsonKind = (value: unknown): Kind =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'array'
      : value instanceof Digits
        ? 'number'
        : (typeof value as 'boolean' | 'number' | 'string' | 'object')

/** What else a type can be told as: a decimal as text, a moment as a number. */
const alsoOf = ({ kind }: Node): Kind | null =>
  kind === 'decimal' || kind === 'float' || kind === 'double'
    ? 'string'
    : kind === 'date' || kind === 'clock' || kind === 'moment'
      ? 'number'
      : null

/** A value goes to the only branch that JSON can mean by it; where it may mean several, it says which, as `{"tag": value}`. */
function unionWriter(branches: readonly Node[]): Write {
  const writes = branches.map(writerOf)
  const tagged = taggedOf(branches)
  const tags = new Map(branches.map(({ tag }, i) => [tag, i]))
  const only = (kind: Kind): number | null => {
    const [first, second] = branches.flatMap((branch, i) => (kindOf(branch) === kind && tagged[i] !== true ? [i] : []))
    if (first !== undefined) return second === undefined ? first : null
    const [also, another] = branches.flatMap((branch, i) => (alsoOf(branch) === kind ? [i] : []))
    return also === undefined || another !== undefined ? null : also
  }
  const places = new Map(
    (['null', 'boolean', 'number', 'string', 'array', 'object'] as const).map(kind => [kind, only(kind)]),
  )
  const expected =
    `must be one of ${branches.map(({ tag }, i) => (tagged[i] === true ? `{"${tag}": …}` : tag)).join(', ')}`.slice(
      0,
      300,
    )
  return (value, to, pointer) => {
    const kind = jsonKind(value)
    const place = places.get(kind) ?? null
    if (place !== null) {
      to.sink.long(place)
      return writes[place]?.(value, to, pointer)
    }
    const [name = '', more] = kind === 'object' ? Object.keys(value as object) : []
    const told = more === undefined ? tags.get(name) : undefined
    if (told === undefined) return complain(to, pointer, expected)
    to.sink.long(told)
    writes[told]?.((value as Readonly<Record<string, unknown>>)[name], to, step(pointer, name))
  }
}

/** What is told as text, and written as something else. */
function textualWriter({ convert, expected }: Conversion): Write {
  return (value, to, pointer) => {
    if (!convert(value, to.sink)) complain(to, pointer, expected)
  }
}
