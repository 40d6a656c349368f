import type { FaultRule } from '../../../config/schema/index.ts'
import { faultKinds, faults } from '../../fault.ts'
import type { FaultKind } from '../../fault.ts'
import { Problem } from '../../problem.ts'

/** What rules may ask for, and whom they may name. */
export type RuleLimits = Readonly<{
  maxPercent: number
  maxForMs: number
  routes: ReadonlySet<string>
  workers: ReadonlySet<string>
}>
export type Rules = Readonly<Record<string, FaultRule>>

/** At most so many rules hold at once: each is looked at for each call. */
export const mostRules = 100
const usualMs = 60_000
const names = ['route', 'worker', 'kind', 'percent', 'delayMs', 'status', 'bytesPerSecond', 'forMs']

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isKind = (value: unknown): value is FaultKind => faultKinds.some(kind => kind === value)

/** Rules by name, as somebody gave them at run time. Throws invalid-request, which says what is wrong and what is allowed. */
export function readRules(value: unknown, limits: RuleLimits): Rules {
  if (!isMapping(value)) throw wrong('rules', value, 'a mapping of names to rules')
  const entries = Object.entries(value)
  if (entries.length > mostRules) throw wrong('rules', entries.length, `at most ${mostRules}`)
  return Object.fromEntries(entries.map(([name, rule]) => [name, readRule(name, rule, limits)]))
}

function readRule(name: string, rule: unknown, limits: RuleLimits): FaultRule {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw wrong('the name of a rule', name, 'lower-case letters, digits and hyphens')
  if (!isMapping(rule)) throw wrong(name, rule, 'a mapping')
  const unknown = Object.keys(rule).find(option => !names.includes(option))
  if (unknown !== undefined) throw wrong(`${name}.${unknown}`, rule[unknown], `none but ${names.join(', ')}`)
  const { kind, percent, forMs = usualMs } = rule
  if (!isKind(kind)) throw wrong(`${name}.kind`, kind, `one of ${faultKinds.join(', ')}`)
  const { needs, least, most } = faults[kind]
  const number = (option: string, value: unknown, least: number, most: number, whole = true): number => {
    if (typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value)))
      return value
    throw wrong(`${name}.${option}`, value, `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`)
  }
  const of = (option: 'route' | 'worker', known: ReadonlySet<string>): string | undefined => {
    const value = rule[option]
    if (value === undefined || (typeof value === 'string' && known.has(value))) return value
    throw wrong(`${name}.${option}`, value, `one of ${[...known].join(', ')}`)
  }
  const [route, worker] = [of('route', limits.routes), of('worker', limits.workers)]
  return {
    ...(route !== undefined && { route }),
    ...(worker !== undefined && { worker }),
    kind,
    percent: number('percent', percent, 0, limits.maxPercent, false),
    ...(needs !== null && { [needs]: number(needs, rule[needs], least, most) }),
    forMs: number('forMs', forMs, 1, limits.maxForMs),
  }
}

function wrong(place: string, value: unknown, expected: string): Problem {
  const found = value === undefined ? 'nothing' : JSON.stringify(value)?.slice(0, 100)
  return new Problem('invalid-request', `${place}: found ${found}, expected ${expected}.`)
}
