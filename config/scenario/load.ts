import { find, plain, read } from '../document.ts'
import type { Tree } from '../document.ts'
import { explain } from '../explain.ts'
import { contentsOf } from '../file.ts'
import { settle } from '../load.ts'
import { inOrder } from '../mistake.ts'
import type { Mistake } from '../mistake.ts'
import { moved, over, override } from '../overrides.ts'
import { optionOf } from '../option.ts'
import type { Path } from '../option.ts'
import { view } from '../view.ts'
import type { Environment } from '../variables.ts'
import { faultKinds } from './faults.ts'
import { basis } from './basis.ts'
import { check, numbered } from './check.ts'
import { Scenario } from './schema.ts'

export const scenarioOption = optionOf(Scenario)

/** A scenario that holds, or everything that is wrong with it. */
export type LoadedScenario = Readonly<
  { scenario: Scenario; mistakes: readonly [] } | { scenario: null; mistakes: readonly Mistake[] }
>
export type ScenarioOptions = Readonly<{ set?: readonly string[]; env?: Environment }>

/** Reads and checks a file. Never throws. */
export function loadScenario(file: string, options: ScenarioOptions = {}): LoadedScenario {
  const { text, trouble } = contentsOf(file)
  if (trouble !== null) return { scenario: null, mistakes: [{ place: { file }, path: [], message: trouble }] }
  return parseScenario(text, file, options)
}

/** Checks the text of a scenario: its own options, and those of the gateway in it, each at its place. Never throws. */
export function parseScenario(
  source: string,
  file: string,
  { set = [], env = process.env }: ScenarioOptions = {},
): LoadedScenario {
  const mistakes: Mistake[] = []
  const document = read(source, file, mistakes)
  if (document === null) return { scenario: null, mistakes: inOrder(mistakes) }
  const tree = override(document, set, mistakes)
  const { success, data, error } = Scenario.safeParse(plain(tree))
  if (!success) mistakes.push(...explain(error.issues, tree, scenarioOption))
  check(view(tree, [...mistakes], mistakes, scenarioOption))
  mistakes.push(...gatewayMistakes(tree, source, file, env))
  return success && mistakes.length === 0
    ? { scenario: data, mistakes: [] }
    : { scenario: null, mistakes: inOrder(mistakes) }
}

/** What is wrong with the options of the gateway, here and in each variant. */
function gatewayMistakes(tree: Tree, source: string, file: string, env: Environment): readonly Mistake[] {
  const nothing: Mistake[] = []
  const usual = moved(read(JSON.stringify(basis), file, nothing) as Tree, { file })
  const own = find(tree, ['gateway'])
  const options = own?.kind === 'mapping' ? over(usual, own) : usual
  const within = (document: Tree, path: Path): readonly Mistake[] =>
    settle(document, { source, file, env }).mistakes.map(mistake => ({ ...mistake, path: [...path, ...mistake.path] }))
  const variants = find(tree, ['variants'])
  const others = variants?.kind === 'mapping' ? [...variants.entries] : []
  const first = within(options, ['gateway'])
  if (first.length > 0) return first // each variant would say the same again
  return others.flatMap(([name, variant]) =>
    variant.kind === 'mapping' ? within(over(options, variant), ['variants', name]) : [],
  )
}

/** What faults are called: their own name, or their kind, with a number from the second on. */
export function faultNames(faults: Scenario['faults']): readonly string[] {
  return numbered(faults.map(fault => fault.name ?? faultKinds.find(kind => fault[kind] !== undefined) ?? 'fault'))
}
