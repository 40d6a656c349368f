import { broken } from './bytes.ts'
import type { Sink, Tap } from './bytes.ts'
import { decimalFrom, uuidFrom } from './logical.ts'
import type { Field, Node } from './model.ts'
import { clockOf, dateOf, momentOf } from './time.ts'
import { kindOf, taggedOf } from './union.ts'

/** Reads a value, and writes it as JSON. */
export type Read = (tap: Tap, out: Sink) => void

const numeric = (value: number): string =>
  Number.isFinite(value) ? (Object.is(value, -0) ? '-0.0' : String(value)) : `"${value}"`

const readers = new WeakMap<Node, Read>()

/** Compiles the reader of a type. Throws Violations when the bytes are none of it. */
export function readerOf(node: Node): Read {
  const known = readers.get(node)
  if (known !== undefined) return known
  let made: Read | null = null
  readers.set(node, (tap, out) => (made as Read)(tap, out)) // for types that refer to themselves
  made = compiled(node)
  readers.set(node, made)
  return made
}

/** The reader of what is told in ASCII. */
const telling =
  (text: (tap: Tap) => string): Read =>
  (tap, out) =>
    out.ascii(text(tap))

const textual: Read = (tap, out) => tap.textTo(out)
const perDay = 86_400n

function compiled(node: Node): Read {
  switch (node.kind) {
    case 'null':
      return telling(() => 'null')
    case 'boolean':
      return telling(tap => (tap.byte() === 0 ? 'false' : 'true'))
    case 'int':
    case 'long':
      return telling(tap => String(tap.long()))
    case 'float':
    case 'double': {
      const { kind } = node
      return telling(tap => numeric(tap[kind]()))
    }
    case 'bytes':
      return telling(tap => `"${tap.bytes(tap.size()).toString('base64')}"`)
    case 'string':
      return textual
    case 'fixed':
      return telling(tap => `"${tap.bytes(node.size).toString('base64')}"`)
    case 'enum': {
      const symbols = node.symbols.map(symbol => JSON.stringify(symbol))
      return (tap, out) => out.utf8(at(symbols, tap.size()))
    }
    case 'array':
      return itemsReader(readerOf(node.items), '[', ']')
    case 'map':
      return mapReader(readerOf(node.items))
    case 'record':
      return recordReader(node.fields)
    case 'union':
      return unionReader(node.branches)
    case 'decimal':
      return telling(tap => decimalFrom(tap.bytes(node.size ?? tap.size()), node.scale))
    case 'uuid':
      return node.size === null ? textual : telling(tap => `"${uuidFrom(tap.bytes(16))}"`)
    case 'date':
      return telling(tap => `"${dateOf(Number(tap.long()))}"`)
    case 'clock':
      return telling(tap => {
        const units = BigInt(tap.long())
        const isThere = units >= 0n && units < perDay * 10n ** BigInt(node.decimals)
        return isThere ? `"${clockOf(units, node.decimals)}"` : String(units)
      })
    case 'moment':
    default:
      return telling(tap => `"${momentOf(BigInt(tap.long()), node.decimals, node.local)}"`)
  }
}

function mapReader(value: Read): Read {
  const entry: Read = (tap, out) => {
    tap.textTo(out)
    out.byte(colon)
    value(tap, out)
  }
  return itemsReader(entry, '{', '}')
}

const [colon, comma, brace] = [0x3a, 0x2c, 0x7d]

/** Blocks of items; a negative count is followed by the bytes of its block. */
function itemsReader(item: Read, open: string, close: string): Read {
  return (tap, out) => {
    tap.down()
    out.ascii(open)
    let isFirst = true
    for (let count = tap.size(); count !== 0; count = tap.size()) {
      if (count < 0) tap.size()
      for (let left = Math.abs(count); left > 0; left--) {
        tap.item()
        if (!isFirst) out.byte(comma)
        isFirst = false
        item(tap, out)
      }
    }
    tap.up()
    out.ascii(close)
  }
}

function recordReader(fields: readonly Field[]): Read {
  if (fields.length === 0) return telling(() => '{}')
  const parts = fields.map(({ name, type }, i) => ({
    before: `${i === 0 ? '{' : ','}"${name}":`,
    read: readerOf(type),
  }))
  return (tap, out) => {
    tap.down()
    for (const { before, read } of parts) {
      out.ascii(before)
      read(tap, out)
    }
    tap.up()
    out.byte(brace)
  }
}

function unionReader(branches: readonly Node[]): Read {
  const tagged = taggedOf(branches)
  const hasText = branches.some(branch => kindOf(branch) === 'string')
  const reads = branches.map((branch, i): Read => {
    const read = readerOf(branch)
    const tag = `{${JSON.stringify(branch.tag)}:`
    if (tagged[i] === true)
      return (tap, out) => {
        out.utf8(tag)
        read(tap, out)
        out.byte(brace)
      }
    const { kind } = branch
    if (!hasText || (kind !== 'float' && kind !== 'double')) return read
    return telling(tap => {
      const text = numeric(tap[kind]()) // NaN is a text in JSON, and would be taken for the other branch
      return text.startsWith('"') ? `${tag}${text}}` : text
    })
  })
  return (tap, out) => at(reads, tap.size())(tap, out)
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw broken('has a branch or a symbol that there is not')
  return found
}
