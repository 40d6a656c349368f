import { find } from './document.ts'
import type { Tree } from './document.ts'
import type { Mistake } from './mistake.ts'
import { optionAt, root } from './option.ts'
import type { Option, Path } from './option.ts'

/**
 * A document whose parts may be wrong, for checks between options: they see only what the schema has accepted, so that
 * one mistake is not told twice.
 */
export type View = Readonly<{
  /** Names in the mapping there, wrong ones too; of a list the places. */
  names: (...path: Path) => readonly string[]
  /** Whether the document says anything there. */
  has: (...path: Path) => boolean
  /** What holds there, by the document or by default; undefined when there is nothing or nothing right. */
  text: (...path: Path) => string | undefined
  number: (...path: Path) => number | undefined
  truth: (...path: Path) => boolean | undefined
  isMapping: (...path: Path) => boolean
  /** Whether something is wrong there or inside. */
  wrong: (...path: Path) => boolean
  /** Complains of the value there, or of what is around it when the document is silent. */
  complain: (path: Path, message: string) => void
}>

/** `top` is what the schema of the document says. */
export function view(tree: Tree, known: readonly Mistake[], mistakes: Mistake[], top: Option = root): View {
  const at = (path: Path): Tree | null => find(tree, path)
  const bad = new Set(known.flatMap(({ path }) => path.map((_, i) => path.slice(0, i + 1).join('\n'))))
  const ends = new Set(known.map(({ path }) => path.join('\n')))
  const wrong = (path: Path): boolean =>
    bad.has(path.join('\n')) || path.some((_, i) => ends.has(path.slice(0, i + 1).join('\n')))
  const value = (path: Path): unknown => {
    if (wrong(path)) return undefined
    const found = at(path)
    if (found === null) return optionAt(path, top)?.default
    return found.kind === 'leaf' && !found.broken ? found.value : undefined
  }
  return {
    names: (...path) => {
      const found = at(path)
      if (found?.kind === 'list') return found.items.map((_, i) => `${i}`)
      return found?.kind === 'mapping' ? [...found.entries.keys()] : []
    },
    has: (...path) => at(path) !== null,
    text: (...path) => {
      const found = value(path)
      return typeof found === 'string' ? found : undefined
    },
    number: (...path) => {
      const found = value(path)
      return typeof found === 'number' ? found : undefined
    },
    truth: (...path) => {
      const found = value(path)
      return typeof found === 'boolean' ? found : undefined
    },
    isMapping: (...path) => at(path)?.kind === 'mapping',
    wrong: (...path) => wrong(path),
    complain: (path, message) => {
      let depth = path.length
      while (depth > 0 && at(path.slice(0, depth)) === null) depth--
      const found = at(path.slice(0, depth)) ?? tree
      mistakes.push({ place: depth === path.length && found.kind !== 'mapping' ? found.at : found.key, path, message })
    },
  }
}
