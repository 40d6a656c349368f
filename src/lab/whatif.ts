import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '../../config/scenario/schema.ts'
import { isoTime, now, since, wallClock } from '../clock.ts'
import { explore } from './explore.ts'
import { startOwnKafka } from './ownkafka.ts'
import { sweepReport } from './report/sweep.ts'
import type { Confirmed } from './report/sweep.ts'
import { simulateAll } from './simulation/pool.ts'
import { frontier, nameOf, recommended, scoreOf } from './sweep.ts'
import type { Point, Scored } from './sweep.ts'
import { seconds } from './verdict.ts'

/** A grid of scenarios, each with the settings that made it. */
export type Grid = readonly Readonly<{ point: Point; scenario: Scenario }>[]
type Flags = Readonly<{ out: string; confirm: number }>

/** Simulates the grid, confirms the best of it in real time, writes the report and tells the table. */
export async function sweepCommand(grid: Grid, name: string, flags: Flags, say: (line: string) => void): Promise<void> {
  const begun = now()
  const asked = grid.map(({ scenario }) => ({ scenario, name, variant: '', overlay: {} }))
  const results = await simulateAll(asked, count => {
    if (process.stderr.isTTY) process.stderr.write(`\r${count} of ${grid.length} simulated`)
  })
  const tookMs = since(begun)
  const scores = grid.map(({ point }, i) => scoreOf(point, results[i] ?? never(i)))
  say(`\n${grid.length} settings simulated in ${seconds(tookMs)}.\n\n${tableFor(scores)}`)
  const confirmed: Confirmed[] = []
  for (const simulated of chosen(scores).slice(0, flags.confirm)) {
    const scenario = grid[scores.indexOf(simulated)]?.scenario
    if (scenario === undefined) continue
    const manner = { name, variant: '', overlay: {}, target: false, startKafka: startOwnKafka }
    const real = scoreOf(
      simulated.point,
      await explore(scenario, manner, { say: line => process.stderr.write(`${line}\n`) }),
    )
    confirmed.push({ simulated, real })
    say(`In real time: ${lineFor(real)}`)
  }
  const best = recommended(scores)
  if (best !== null) say(`\nRecommended: ${best.point.join(' ') || 'as it is'}`)
  mkdirSync(flags.out, { recursive: true })
  const path = join(flags.out, `${name}-sweep.html`)
  const title = grid[0]?.scenario.title ?? name
  writeFileSync(path, sweepReport({ title, at: isoTime(wallClock()), scores, confirmed, tookMs }))
  writeFileSync(path.replace(/html$/, 'json'), `${JSON.stringify({ scores, confirmed })}\n`)
  say(`The report: ${path}`)
}

/** The recommended one first, then those that are a trade-off. */
function chosen(scores: readonly Scored[]): readonly Scored[] {
  const best = recommended(scores)
  return best === null ? [] : [best, ...frontier(scores).filter(score => score !== best)]
}

const lineFor = ({ point, answeredPercent, p99, waitedInVain, wastedPercent, failing }: Scored): string =>
  `${nameOf(point)}: ${answeredPercent.toFixed(1)} % answered, p99 ${p99} ms, ${waitedInVain} waited in vain, ${wastedPercent.toFixed(1)} % for nobody, ${failing} objectives fail`

const tableFor = (scores: readonly Scored[]): string => scores.map(score => `  ${lineFor(score)}`).join('\n')

const never = (i: number): never => {
  throw new Error(`Simulation ${i} has no result.`)
}
