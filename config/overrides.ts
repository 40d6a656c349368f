import type { Mapping, Tree } from './document.ts'
import { find, read } from './document.ts'
import { quoted } from './mistake.ts'
import type { Mistake, Place } from './mistake.ts'
import type { Path } from './option.ts'

/** Lays `a.b=value` over the document, in the order given; the value is read as YAML. */
export function override(tree: Tree, settings: readonly string[], mistakes: Mistake[]): Tree {
  return settings.reduce((before, setting) => {
    const equals = setting.indexOf('=')
    const path = setting.slice(0, Math.max(0, equals)).split('.')
    const place = { set: equals < 0 ? setting : setting.slice(0, equals) }
    if (equals < 1 || path.some(key => key === '' || key === '__proto__')) {
      mistakes.push({
        place,
        path: [],
        message: `found ${quoted(setting)}, expected option=value, such as server.port=8080`,
      })
      return before
    }
    return lay(before, path, valueOf(setting.slice(equals + 1), place), place)
  }, tree)
}

/** What is no YAML, such as the address `[::1]:9092`, is taken as text. */
function valueOf(text: string, place: Place): Tree {
  const mistakes: Mistake[] = []
  const tree = read(text, '', mistakes)
  const leaf = {
    kind: 'leaf',
    key: place,
    at: place,
    value: text,
    shown: quoted(text),
    whole: false,
    broken: false,
  } as const
  return tree === null || mistakes.length > 0 ? leaf : moved(tree, place)
}

/** The same, as if all of it stood at one place. */
export function moved(tree: Tree, place: Place): Tree {
  if (tree.kind === 'list') return { ...tree, key: place, at: place, items: tree.items.map(item => moved(item, place)) }
  if (tree.kind === 'leaf') return { ...tree, key: place, at: place }
  const entries = [...tree.entries].map(([key, value]) => [key, moved(value, place)] as const)
  return { ...tree, key: place, at: place, entries: new Map(entries) }
}

/** What stands in the way of the path, such as a `true` where there is to be a mapping, is replaced. */
function lay(tree: Tree | null, path: Path, value: Tree, place: Place): Tree {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (tree?.kind === 'list' && find(tree, [key]) !== null)
    return { ...tree, items: tree.items.map((item, i) => (`${i}` === key ? lay(item, rest, value, place) : item)) }
  const mapping: Mapping =
    tree?.kind === 'mapping' ? tree : { kind: 'mapping', key: tree?.key ?? place, at: place, entries: new Map() }
  const inner = lay(mapping.entries.get(key) ?? null, rest, value, place)
  return { ...mapping, entries: new Map([...mapping.entries, [key, inner]]) }
}

/** Lays one document over another: mappings are merged, anything else is replaced. */
export function over(under: Tree | null, upper: Tree): Tree {
  if (under?.kind !== 'mapping' || upper.kind !== 'mapping') return upper
  const entries = new Map(under.entries)
  for (const [key, value] of upper.entries) entries.set(key, over(entries.get(key) ?? null, value))
  return { ...upper, entries }
}
