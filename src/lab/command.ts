import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '../../config/scenario/schema.ts'
import { explore } from './explore.ts'
import { overlaid } from './gateway.ts'
import type { Overlay } from './gateway.ts'
import { hasten } from './hasten.ts'
import { junit } from './junit.ts'
import { startOwnKafka } from './ownkafka.ts'
import { report } from './report/index.ts'
import type { Result } from './result.ts'
import { sceneOf } from './scene.ts'
import { ticker } from './ticker.ts'
import { told } from './told.ts'
import { failing } from './verdict.ts'

export type Asked = Readonly<{
  scenario: Scenario
  name: string
  flags: Readonly<{ out: string; variant?: string; variants: boolean; faster: number; target?: string }>
  say: (line: string) => void
  wrong: (line: string) => never
}>

/** Plays a scenario as the command line asks, writes the report, and returns the exit code. */
export async function runCommand({ scenario: whole, name, flags, say, wrong }: Asked): Promise<number> {
  const scenario = hasten(whole, flags.faster)
  if (flags.target !== undefined && flags.target !== scenario.target?.url)
    wrong(`--target ${flags.target} is not what the scenario names in target.url: no load for whom it is not made for.`)
  const stop = new AbortController()
  process.once('SIGINT', () => {
    process.once('SIGINT', () => process.exit(130)) // a second time: at once
    stop.abort()
  })
  const results: Result[] = []
  for (const [variant, overlay] of variantsOf(scenario, flags, wrong)) {
    const label = variant === '' ? name : `${name}, ${variant}`
    const { progress, end } = ticker(sceneOf(scenario, name), process.stderr)
    const manner = { name, variant, overlay, target: flags.target !== undefined, startKafka: startOwnKafka }
    const audience = { say: (line: string) => process.stderr.write(`${line}\n`), progress, signal: stop.signal }
    const result = await explore(scenario, manner, audience).finally(end)
    results.push(result)
    say(`\n${told(label, result)}`)
    if (stop.signal.aborted) break
  }
  const files = write(results, name, flags.out)
  say(`\nThe report: ${files[0]}`)
  // variants that are played beside it are there to be looked at
  const [first] = results
  return first === undefined || failing([...first.objectives, ...first.ledger]).length > 0 ? 1 : 0
}

/** What is played, by name; '' is the scenario as it is. */
function variantsOf(
  { variants }: Scenario,
  { variant, variants: all }: Asked['flags'],
  wrong: Asked['wrong'],
): readonly (readonly [name: string, overlay: Overlay])[] {
  if (variant === undefined) return [['', {}], ...(all ? Object.entries(variants) : [])]
  const overlay = variants[variant]
  if (overlay === undefined)
    return wrong(`There is no variant ${variant}: ${Object.keys(variants).join(', ') || 'the scenario has none'}.`)
  return [[variant, overlaid({}, overlay)]]
}

/** Writes the report, its data and what CI reads; returns their paths. */
export function write(results: readonly Result[], name: string, folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true })
  const files = { html: report(results), json: `${JSON.stringify(results)}\n`, xml: junit(results) }
  return Object.entries(files).map(([end, text]) => {
    const path = join(folder, `${name}.${end}`)
    writeFileSync(path, text)
    return path
  })
}
