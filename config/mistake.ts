import { closest, distance } from 'fastest-levenshtein'
import type { Path } from './option.ts'

/** Where something stands: in the file, or on the command line. */
export type Place = Readonly<{ file: string; line: number; column: number } | { set: string } | { file: string }>
/** One thing that is wrong with a configuration, in a sentence without the place and the option. */
export type Mistake = Readonly<{ place: Place; path: Path; message: string }>

/** The place as compilers write it, which terminals and editors make a link of. */
export function placeOf(place: Place): string {
  if ('set' in place) return `--set ${place.set}`
  return 'line' in place ? `${place.file}:${place.line}:${place.column}` : place.file
}

const simple = /^[\w-]+$/
export const pathOf = (path: Path): string => path.map(key => (simple.test(key) ? key : JSON.stringify(key))).join('.')

const most = 100

/** One line for each mistake, in the order of the file; beyond 100 only their number. */
export function format(mistakes: readonly Mistake[]): string {
  const lines = mistakes.slice(0, most).map(({ place, path, message }) => {
    const option = path.length === 0 ? '' : `${pathOf(path)}: `
    return `${placeOf(place)}  ${option}${message}`
  })
  if (mistakes.length > most) lines.push(`… and ${mistakes.length - most} more`)
  return lines.join('\n')
}

/** By line and column; what is on the command line comes last. */
export function inOrder(mistakes: readonly Mistake[]): readonly Mistake[] {
  const rank = ({ place }: Mistake): readonly [number, number] =>
    'line' in place ? [place.line, place.column] : 'set' in place ? [Infinity, 0] : [0, 0]
  return mistakes.toSorted((a, b) => {
    const [line, column] = rank(a)
    const [otherLine, otherColumn] = rank(b)
    return line === otherLine ? column - otherColumn : line < otherLine ? -1 : 1
  })
}

/** The name that was meant, when one is near enough to be it; null otherwise. */
export function nearest(name: string, names: readonly string[]): string | null {
  if (names.length === 0 || name.length > 200) return null
  const lower = name.toLowerCase()
  const best = closest(lower, [...names])
  const exact = names.find(candidate => candidate.toLowerCase() === lower) ?? best
  const bearable = exact.length < 4 ? 1 : Math.max(2, Math.floor(exact.length / 3)) // two letters swapped count as two
  return distance(lower, exact.toLowerCase()) <= bearable ? exact : null
}

/** What to write instead of an unknown name: the nearest, or else all that there are. */
export function instead(name: string, names: readonly string[]): string {
  const near = nearest(name, names)
  if (near !== null) return `did you mean \`${near}\`?`
  return names.length === 0 ? 'there is none' : `expected one of ${names.slice(0, 30).join(', ')}`
}

/** A value as the reader wrote it, cut to what a line can bear. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text)
