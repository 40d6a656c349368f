import { mapLeaves } from './document.ts'
import type { Leaf, Tree } from './document.ts'
import { quoted } from './mistake.ts'
import type { Mistake, Place } from './mistake.ts'
import { optionAt, takes } from './option.ts'
import type { Path } from './option.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type Substituted = Readonly<{
  text: string
  whole: boolean // the text was one variable and nothing else
  missing: readonly string[] // names that the environment lacks
  malformed: boolean // `${` without a name or an end
}>

const variable = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}|\$\{/g

/** Puts the environment in for `${NAME}` and `${NAME:default}`; `$${` stands for the characters `${`. What is put in is not read again. */
export function substitute(text: string, environment: Environment): Substituted {
  const missing: string[] = []
  let malformed = false
  let whole = false
  const result = text.replace(variable, (found, name?: string, otherwise?: string) => {
    if (found === '$${') return '${'
    if (name === undefined) {
      malformed = true
      return found
    }
    whole = found === text
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (value === undefined && otherwise === undefined) missing.push(name)
    // as in a shell's ${NAME:-default}: what is set and empty has been left to the default
    return value === '' && otherwise !== undefined ? otherwise : (value ?? otherwise ?? '')
  })
  return { text: result, whole, missing, malformed }
}

/** Substitutes in every text of the document, and reads as a number or as true and false what the schema wants to be one. */
export function substituteAll(tree: Tree, environment: Environment, source: string, mistakes: Mistake[]): Tree {
  return mapLeaves(tree, (leaf, path) => {
    if (typeof leaf.value !== 'string' || !leaf.value.includes('${')) return leaf
    const { text, whole, missing, malformed } = substitute(leaf.value, environment)
    const complain = (message: string, place: Place = leaf.at): void => void mistakes.push({ place, path, message })
    if (malformed) complain('found `${` alone, expected ${NAME} or ${NAME:default}, or $${ for the characters')
    for (const name of new Set(missing))
      complain(
        `found \${${name}}, but the environment has no ${name}; \${${name}:…} gives a default`,
        within(leaf, name, source),
      )
    const broken = malformed || missing.length > 0
    return { ...leaf, value: whole ? typed(text, path) : text, shown: quoted(text), broken }
  })
}

/** The place of the variable itself, where the text holds it as written and in one line. */
function within(leaf: Leaf, name: string, source: string): Place {
  const { at } = leaf
  if (!('line' in at)) return at
  const line = source.split('\n', at.line)[at.line - 1] ?? ''
  const column = line.indexOf(`\${${name}}`, at.column - 1)
  return column < 0 ? at : { ...at, column: column + 1 }
}

const number = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

function typed(text: string, path: Path): string | number | boolean {
  const option = optionAt(path)
  if (option === null) return text
  if (takes(option, 'number') && number.test(text)) return Number(text)
  if (takes(option, 'boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
