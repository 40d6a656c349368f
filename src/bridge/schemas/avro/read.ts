import { broken } from './bytes.ts'
import type { Tap } from './bytes.ts'
import { decimalFrom, uuidFrom } from './logical.ts'
import type { Field, Node } from './model.ts'
import { clockOf, dateOf, momentOf } from './time.ts'
import { taggedOf } from './union.ts'

/** Reads a value, and gives its JSON text. */
export type Read = (tap: Tap) => string

const special = (value: number): string => `"${String(value)}"`
const numeric = (value: number): string =>
  Number.isFinite(value) ? (Object.is(value, -0) ? '-0.0' : String(value)) : special(value)

const readers = new WeakMap<Node, Read>()

/** Compiles the reader of a type. Throws Violations when the bytes are none of it. */
export function readerOf(node: Node): Read {
  const known = readers.get(node)
  if (known !== undefined) return known
  let made: Read | null = null
  readers.set(node, tap => (made as Read)(tap)) // for types that refer to themselves
  made = compiled(node)
  readers.set(node, made)
  return made
}

function compiled(node: Node): Read {
  switch (node.kind) {
    case 'null':
      return () => 'null'
    case 'boolean':
      return tap => (tap.byte() === 0 ? 'false' : 'true')
    case 'int':
    case 'long':
      return tap => String(tap.long())
    case 'float':
      return tap => numeric(tap.float())
    case 'double':
      return tap => numeric(tap.double())
    case 'bytes':
      return tap => `"${tap.bytes(tap.size()).toString('base64')}"`
    case 'string':
      return tap => JSON.stringify(tap.bytes(tap.size()).toString())
    case 'fixed':
      return tap => `"${tap.bytes(node.size).toString('base64')}"`
    case 'enum': {
      const symbols = node.symbols.map(symbol => JSON.stringify(symbol))
      return tap => at(symbols, tap.size())
    }
    case 'array':
      return itemsReader(readerOf(node.items), '[', ']')
    case 'map': {
      const value = readerOf(node.items)
      return itemsReader(tap => `${JSON.stringify(tap.bytes(tap.size()).toString())}:${value(tap)}`, '{', '}')
    }
    case 'record':
      return recordReader(node.fields)
    case 'union':
      return unionReader(node.branches)
    case 'decimal':
      return tap => decimalFrom(tap.bytes(node.size ?? tap.size()), node.scale)
    case 'uuid':
      return tap =>
        node.size === null ? JSON.stringify(tap.bytes(tap.size()).toString()) : `"${uuidFrom(tap.bytes(16))}"`
    case 'date':
      return tap => `"${dateOf(Number(tap.long()))}"`
    case 'clock':
      return tap => {
        const units = BigInt(tap.long())
        return units < 0n || units >= 86_400n * 10n ** BigInt(node.decimals)
          ? String(units)
          : `"${clockOf(units, node.decimals)}"`
      }
    case 'moment':
    default:
      return tap => `"${momentOf(BigInt(tap.long()), node.decimals, node.local)}"`
  }
}

/** Blocks of items; a negative count is followed by the bytes of its block. */
function itemsReader(item: Read, open: string, close: string): Read {
  return tap => {
    tap.down()
    let text = open
    for (let count = tap.size(); count !== 0; count = tap.size()) {
      if (count < 0) tap.size()
      for (let left = Math.abs(count); left > 0; left--) {
        tap.item()
        text += text.length === 1 ? item(tap) : `,${item(tap)}`
      }
    }
    tap.up()
    return text + close
  }
}

function recordReader(fields: readonly Field[]): Read {
  const parts = fields.map(({ name, type }, i) => ({ before: `${i === 0 ? '' : ','}"${name}":`, read: readerOf(type) }))
  return tap => {
    tap.down()
    let text = '{'
    for (const { before, read } of parts) text += before + read(tap)
    tap.up()
    return `${text}}`
  }
}

function unionReader(branches: readonly Node[]): Read {
  const tagged = taggedOf(branches)
  const hasText = branches.some(
    ({ kind }) => kind === 'string' || kind === 'bytes' || kind === 'enum' || kind === 'fixed',
  )
  const reads = branches.map((branch, i): Read => {
    const read = readerOf(branch)
    const tag = `{${JSON.stringify(branch.tag)}:`
    if (tagged[i] === true) return tap => `${tag}${read(tap)}}`
    if (!hasText || (branch.kind !== 'float' && branch.kind !== 'double')) return read
    return tap => {
      const text = read(tap) // NaN is a text in JSON, and would be taken for the other branch
      return text.startsWith('"') ? `${tag}${text}}` : text
    }
  })
  return tap => at(reads, tap.size())(tap)
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw broken('has a branch or a symbol that there is not')
  return found
}
