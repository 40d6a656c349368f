import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node as YamlNode, Pair, Scalar, YAMLError } from 'yaml'
import { quoted } from './mistake.ts'
import type { Mistake, Place } from './mistake.ts'
import type { Path } from './option.ts'

type Where = Readonly<{
  key: Place // of its key in the mapping around it, else as `at`
  at: Place // of the value
}>
export type Mapping = Where & Readonly<{ kind: 'mapping'; entries: Map<string, Tree> }>
export type List = Where & Readonly<{ kind: 'list'; items: readonly Tree[] }>
/** `shown` is the value as it was written; `broken` means that it has been complained of already. */
export type Leaf = Where & Readonly<{ kind: 'leaf'; value: unknown; shown: string; whole: boolean; broken: boolean }>
/** A document with the place of everything in it. */
export type Tree = Mapping | List | Leaf

const limits = { nodes: 100_000, depth: 50 }

/** Reads YAML with the place of every key and value; null when it is not YAML at all. A key that stands twice counts the first time. */
export function read(source: string, file: string, mistakes: Mistake[]): Tree | null {
  const lines = new LineCounter()
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, source.length))
    return { file, line, column: col }
  }
  const complain = (offset: number, message: string, path: Path = []): void =>
    void mistakes.push({ place: place(offset), path, message })

  const document = parse(source, lines)
  if (document instanceof Error) {
    mistakes.push({ place: { file }, path: [], message: 'is nested too deeply to be read' })
    return null
  }
  const errors = document.errors.filter(error => error.code !== 'DUPLICATE_KEY')
  if (errors.length > 0) {
    // one slip of the pen upsets the parser several times: the first in each line tells
    const first = new Map(errors.toReversed().map(error => [lines.linePos(error.pos[0]).line, error]))
    for (const error of first.values()) complain(error.pos[0], syntax(error, source))
    return null
  }
  for (const warning of document.warnings) complain(warning.pos[0], 'found a tag, expected a plain value')

  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    mistakes.push({ place: { file }, path: [], message: 'is empty, expected at least `routes`' })
    return null
  }

  let nodes = 0
  let excess: Mistake | null = null
  const grow = (node: YamlNode | null, key: Place | null, path: Path): Tree => {
    const offset = node?.range?.[0]
    const at = offset === undefined ? (key ?? place(0)) : place(offset)
    const where = { key: key ?? at, at }
    if (++nodes > limits.nodes || path.length > limits.depth) {
      const message = path.length > limits.depth ? 'is nested too deeply' : 'has too many parts'
      excess ??= { place: at, path: path.slice(0, 5), message } // an alias within itself would say so for ever
      return nothing(where)
    }
    if (isAlias(node)) {
      const target = node.resolve(document)
      if (target !== undefined) return grow(target, where.key, path)
      mistakes.push({ place: at, path, message: `found *${node.source}, but nothing above is marked &${node.source}` })
      return { ...nothing(where), broken: true }
    }
    if (isMap(node)) return { ...where, kind: 'mapping', entries: entries(node.items, path) }
    if (isSeq(node)) {
      const items = node.items.map((item, i) => grow(isPair(item) ? null : (item as YamlNode), null, [...path, `${i}`]))
      return { ...where, kind: 'list', items }
    }
    return isScalar(node) ? leaf(node, where) : nothing(where)
  }
  const entries = (pairs: readonly Pair[], path: Path): Map<string, Tree> => {
    const found = new Map<string, Tree>()
    for (const { key, value } of pairs as readonly Pair<YamlNode, YamlNode | null>[]) {
      const offset = key.range?.[0] ?? 0
      const name = isScalar(key) ? String(key.source ?? key.value) : null
      if (name === null || name === '__proto__') complain(offset, 'is no name for an option', [...path, name ?? '?'])
      else if (found.has(name))
        complain(offset, `stands a second time, first at ${lineOf(found.get(name))}`, [...path, name])
      else found.set(name, grow(value, place(offset), [...path, name]))
    }
    return found
  }
  const tree = grow(contents, null, [])
  if (excess === null) return tree
  mistakes.push(excess)
  return null
}

const lineOf = (tree: Tree | undefined): string =>
  tree !== undefined && 'line' in tree.key ? `line ${tree.key.line}` : 'another place'

function parse(source: string, lineCounter: LineCounter): Document | Error {
  try {
    return parseDocument(source, { lineCounter, prettyErrors: false, schema: 'core', merge: false })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error)) // the parser recurses, and the stack has an end
  }
}

function syntax({ code, message, pos }: YAMLError, source: string): string {
  if (source.slice(pos[0] - 1, pos[0] + 1) === '${') return 'a variable between { } or [ ] must stand in quotes'
  if (code === 'RESOURCE_EXHAUSTION') return 'is nested too deeply to be read'
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here, expected one'
  // what follows a colon may quote a value, and a value may be a secret
  const [what = ''] = message.split(': ')
  return `is not YAML: ${what.charAt(0).toLowerCase()}${what.slice(1)}`
}

const nothing = (where: Where): Leaf => ({
  ...where,
  kind: 'leaf',
  value: null,
  shown: 'nothing',
  whole: false,
  broken: false,
})

function leaf({ value, source }: Scalar, where: Where): Leaf {
  if (value === null) return nothing(where)
  return { ...nothing(where), value, shown: typeof value === 'string' ? quoted(value) : (source ?? 'a value') }
}

/** The bare value, for the schema to look at. Its objects have no prototype: a key can only be what was written. */
export function plain(tree: Tree): unknown {
  if (tree.kind === 'leaf') return tree.value
  if (tree.kind === 'list') return tree.items.map(plain)
  const object = Object.create(null) as Record<string, unknown>
  for (const [key, value] of tree.entries) object[key] = plain(value)
  return object
}

/** What stands at a path, or null. */
export function find(tree: Tree, path: Path): Tree | null {
  let found: Tree | undefined = tree
  for (const key of path) found = found === undefined ? undefined : child(found, key)
  return found ?? null
}
function child(tree: Tree, key: string): Tree | undefined {
  if (tree.kind === 'mapping') return tree.entries.get(key)
  return tree.kind === 'list' ? tree.items[Number(key)] : undefined
}

/** The same tree with its leaves changed. */
export function mapLeaves(tree: Tree, change: (leaf: Leaf, path: Path) => Leaf, path: Path = []): Tree {
  if (tree.kind === 'leaf') return change(tree, path)
  if (tree.kind === 'list')
    return { ...tree, items: tree.items.map((item, i) => mapLeaves(item, change, [...path, `${i}`])) }
  const entries = [...tree.entries].map(([key, value]) => [key, mapLeaves(value, change, [...path, key])] as const)
  return { ...tree, entries: new Map(entries) }
}
