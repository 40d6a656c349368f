import type { Field, Node } from './model.ts'
import { taggedOf } from './union.ts'

type Json = Readonly<Record<string, unknown>>

/** What the JSON of a type is, as a JSON Schema at that place; the records in it stand in its `$defs`. */
export function shownAvro(root: Node, place: string): Json {
  const defs: Record<string, Json> = {}
  const one = (node: Node): Json => {
    if (node.kind !== 'record') return plain(node, one)
    if (node === root) return { $ref: place }
    if (!Object.hasOwn(defs, node.tag)) {
      defs[node.tag] = {} // it may refer to itself
      defs[node.tag] = recordOf(node.fields, one)
    }
    return { $ref: `${place}/$defs/${node.tag}` }
  }
  const shown = root.kind === 'record' ? recordOf(root.fields, one) : one(root)
  return Object.keys(defs).length === 0 ? shown : { ...shown, $defs: defs }
}

const recordOf = (fields: readonly Field[], one: (node: Node) => Json): Json => ({
  type: 'object',
  required: fields.filter(({ fallback }) => fallback === null).map(({ name }) => name),
  properties: Object.fromEntries(fields.map(({ name, type }) => [name, one(type)])),
  additionalProperties: false,
})

const base64 = { type: 'string', contentEncoding: 'base64' } as const

function plain(node: Exclude<Node, { kind: 'record' }>, one: (node: Node) => Json): Json {
  switch (node.kind) {
    case 'null':
    case 'boolean':
    case 'string':
      return { type: node.kind }
    case 'int':
      return { type: 'integer', format: 'int32' }
    case 'long':
      return { type: 'integer', format: 'int64' }
    case 'float':
    case 'double':
      return { type: ['number', 'string'], format: node.kind }
    case 'decimal':
      return {
        type: ['number', 'string'],
        description: `At most ${node.precision} digits, ${node.scale} after the point.`,
      }
    case 'bytes':
    case 'fixed':
      return base64
    case 'enum':
      return { type: 'string', enum: node.symbols }
    case 'uuid':
      return { type: 'string', format: 'uuid' }
    case 'date':
      return { type: 'string', format: 'date' }
    case 'clock':
      return { type: 'string', description: 'A time of day.' }
    case 'moment':
      return node.local
        ? { type: 'string', description: 'A time without a zone.' }
        : { type: 'string', format: 'date-time' }
    case 'array':
      return { type: 'array', items: one(node.items) }
    case 'map':
      return { type: 'object', additionalProperties: one(node.items) }
    case 'union':
    default: {
      const tagged = taggedOf(node.branches)
      return {
        anyOf: node.branches.map((branch, i) => (tagged[i] === true ? pair(branch.tag, one(branch)) : one(branch))),
      }
    }
  }
}

const pair = (tag: string, schema: Json): Json => ({
  type: 'object',
  required: [tag],
  properties: { [tag]: schema },
  additionalProperties: false,
})
