// Fills what is generated in docs/policies/*.md: what stands between `<!-- generated: KIND NAMES -->` and `<!-- end -->`.
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { optionsTable, row } from '../config/generate.ts'
import { parse } from '../config/load.ts'
import { problems } from '../src/problem.ts'
import type { ProblemCode } from '../src/problem.ts'
import { openMetrics } from '../src/telemetry/metrics.ts'

const root = join(import.meta.dirname, '..')
const folder = 'docs/policies'

/** A policy of the stack, why it is at its place, and around what it is. */
export type Place = Readonly<{ policy: string; reason: string; order: 'call' | 'publish' }>

/** Policies that share the page of another one. */
const together: Readonly<Record<string, string>> = {
  cluster: 'breaker',
  lease: 'quota',
  partition: 'gate',
  repetition: 'retry',
}
/** The page of a policy of the stack. */
export const pageOf = (policy: string): string => `${together[policy] ?? policy}.md`

const layer =
  /^ +\/\/ (.+)$|\b(?:on|guarded)(?:<[^(]*>)?\(\s*'([a-z-]+)'|\bpolicy: '([a-z-]+)',\s*(?:mode|get mode)\b|\.{3}(\w+(?:Stack|Layers))\b|: (\w+Stack)\(/gm

/** What stands in one function of the source of the stack; what it takes from another one stands in its place. */
function placesOf(name: string, order: Place['order'], source: string): readonly Place[] {
  const [, body = ''] = new RegExp(`^(?:export )?(?:function|const) ${name}\\b([\\s\\S]*?)^}`, 'm').exec(source) ?? []
  let reason = ''
  return [...body.matchAll(layer)].flatMap(([, comment, called, written, spread, inner = spread]) => {
    const policy = called ?? written
    if (comment !== undefined) reason = comment
    if (policy === undefined) return inner === undefined ? [] : placesOf(inner, order, source)
    const place = { policy, reason, order }
    reason = ''
    return [place]
  })
}

/** The policies of the source of the stack, outermost first: the comment before each is its reason. */
export const placesIn = (source: string): readonly Place[] => [
  ...placesOf('callLayers', 'call', source),
  ...placesOf('publishLayers', 'publish', source),
]

export const places = (): readonly Place[] => placesIn(readFileSync(join(root, 'src/resilience/stack.ts'), 'utf8'))

const table = (head: readonly string[], rows: readonly string[]): string =>
  [row(...head), `|${'---|'.repeat(head.length)}`, ...rows].join('\n')

function problemsTable(codes: readonly string[]): string {
  const rows = codes.map(code => {
    if (!Object.hasOwn(problems, code)) throw new Error(`There is no problem ${code}.`)
    const { status, outcome, title, advice } = problems[code as ProblemCode]
    return row(`[\`${code}\`](../problems.md#${code})`, `${status}`, `\`${outcome}\``, title, advice)
  })
  return table(['Code', 'Status', 'Outcome', 'Title', 'What to do'], rows)
}

function metricsTable(names: readonly string[]): string {
  const { config } = parse('routes: {}', 'none.yaml')
  if (config === null) throw new Error('The least configuration does not hold.')
  using metrics = openMetrics(config, () => 0)
  const rows = names.map(name => {
    const found = metrics.described.find(metric => metric.name === name)
    if (found === undefined) throw new Error(`There is no metric ${name}.`)
    return row(`\`${name}\``, found.kind, found.labels.map(label => `\`${label}\``).join(', ') || '–', found.help)
  })
  return table(['Name', 'Kind', 'Labels', 'Meaning'], rows)
}

const kinds: Readonly<Record<string, (names: readonly string[]) => string>> = {
  options: optionsTable,
  problems: problemsTable,
  metrics: metricsTable,
}

/** The text with everything generated in it as it should be. Throws when it asks for what there is not. */
export const filled = (text: string): string =>
  text.replaceAll(
    /(<!-- generated: (\w+) (.+?) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_all, begin: string, kind: string, names: string, end: string) => {
      const fill = kinds[kind]
      if (fill === undefined) throw new Error(`Nothing of the kind ${kind} is generated.`)
      return `${begin}\n${fill(names.split(' '))}\n\n${end}`
    },
  )

/** The pages of the policies by the name of their file. */
export const readPages = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    globSync(`${folder}/*.md`, { cwd: root })
      .toSorted()
      .map(file => [basename(file), readFileSync(join(root, file), 'utf8')]),
  )

/** Every page of a policy with what it should hold. */
export const policyPages = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(readPages()).map(([name, text]) => [`${folder}/${name}`, filled(text)]))
