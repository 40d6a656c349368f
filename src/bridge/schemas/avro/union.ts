import type { Node } from './model.ts'

/** What a JSON value may be. */
export type Kind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

const kinds: Readonly<Record<Exclude<Node['kind'], 'union'>, Kind>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  decimal: 'number',
  bytes: 'string',
  string: 'string',
  fixed: 'string',
  enum: 'string',
  uuid: 'string',
  date: 'string',
  clock: 'string',
  moment: 'string',
  array: 'array',
  map: 'object',
  record: 'object',
}

/** What a type is in JSON. */
export const kindOf = (node: Node): Kind => (node.kind === 'union' ? 'object' : kinds[node.kind])

/**
 * Which branches of a union are written with their tag, as `{"tag": value}`: those that JSON does not tell apart, and an object
 * where it could be taken for such a pair.
 */
export function taggedOf(branches: readonly Node[]): readonly boolean[] {
  const own = branches.map(kindOf)
  const shared = own.map(kind => own.indexOf(kind) !== own.lastIndexOf(kind))
  const unsayable = branches.some(({ kind }) => kind === 'float' || kind === 'double') && own.includes('string')
  return own.map((kind, at) => shared[at] === true || (kind === 'object' && (shared.includes(true) || unsayable)))
}
