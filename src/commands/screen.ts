import type { Policy, RouteSection, Sections, WorkerSection } from '../console/sections.d.ts'
import { circuitText, duration, isHot, policyText, trimmed } from '../console/words.js'

/** What is known of a gateway: each message brings the sections that have changed. */
export type Told = Partial<Sections>
export type Size = Readonly<{ columns: number; rows: number }>

const mostCalls = 5
const mostRefusals = 5

/** What a terminal shows of a gateway: at most so many lines of so many characters, the most telling first. */
export function screenOf(told: Told, { columns, rows }: Size): readonly string[] {
  const lines = [...head(told), '', ...workers(told), '', ...routes(told), '', ...calls(told), '', ...refusals(told)]
  // what clients and workers have said must not command the terminal
  return lines.slice(0, rows).map(line =>
    line
      .replaceAll(/\p{Cc}/gu, ' ')
      .slice(0, columns)
      .trimEnd(),
  )
}

function head({ instance, moment }: Told): readonly string[] {
  if (instance === undefined) return ['…']
  const { ready, draining, reasons, broker } = instance
  const state = draining ? 'draining' : ready ? (reasons.length === 0 ? 'ready' : 'degraded') : 'not ready'
  const { ok = 0, refused = 0, failed = 0, p50Ms = null, p99Ms = null } = moment ?? {}
  const latency = p50Ms === null ? '' : `   p50 ${duration(p50Ms)}  p99 ${duration(p99Ms ?? p50Ms)}`
  return [
    `Sluice ${instance.instance}   ${state}   broker ${broker}   ${reasons.join(' ')}`,
    `${trimmed(ok)} answered  ${trimmed(refused)} refused  ${trimmed(failed)} failed a second${latency}`,
  ]
}

function workers(told: Told): readonly string[] {
  const rows = workersOf(told).map(([name, { circuit, inFlight, limit, waiting, group }]) => [
    name,
    circuitText(circuit),
    `${inFlight} of ${limit}`,
    String(waiting),
    group === null ? '–' : `${group.presence}${group.members === null ? '' : `, ${group.members}`}`,
    group === null ? '–' : trimmed(group.lag),
  ])
  return table(['WORKER', 'CIRCUIT', 'SLOTS', 'WAIT', 'GROUP', 'LAG'], rows)
}

/** The busiest first. */
function routes(told: Told): readonly string[] {
  const rows = routesOf(told)
    .toSorted(([, a], [, b]) => b.perSecond - a.perSecond)
    .map(([name, { perSecond, kind, to, policies }]) => {
      const hot = (policies as readonly Policy[]).filter(isHot)
      const limits = hot.map(policy => `${policy.policy} ${policyText(policy)}`).join('; ')
      return [name, trimmed(perSecond), kind, to, limits]
    })
  return table(['ROUTE', 'A SECOND', 'KIND', 'TO', 'AT A LIMIT'], rows)
}

function calls({ waiting }: Told): readonly string[] {
  const { total = 0, calls = [] } = waiting ?? {}
  const rows = calls
    .slice(0, mostCalls)
    .map(({ id, route, client, waits, ageMs, outcome }) => [id, route, client, waits, duration(ageMs), outcome])
  return table([`WAITING ${trimmed(total)}`, 'ROUTE', 'CLIENT', 'FOR', 'AGE', 'OUTCOME'], rows)
}

function refusals({ refusals = [] }: Told): readonly string[] {
  const rows = refusals
    .slice(0, mostRefusals)
    .map(({ at, route, policy, code, detail }) => [at.slice(11, 19), route, policy, code, detail])
  return table(['REFUSED', 'ROUTE', 'POLICY', 'PROBLEM', 'WHY'], rows)
}

const named = (told: Told, prefix: string): readonly (readonly [name: string, section: unknown])[] =>
  Object.entries(told).flatMap(([key, section]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), section] as const] : [],
  )
const workersOf = (told: Told) => named(told, 'worker:') as readonly (readonly [string, WorkerSection])[]
const routesOf = (told: Told) => named(told, 'route:') as readonly (readonly [string, RouteSection])[]

/** Columns as wide as their widest cell. */
function table(names: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [names, ...rows]
  const widths = names.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  return all.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
}
