import { instead } from '../mistake.ts'
import type { View } from '../view.ts'
import { faultKinds } from './faults.ts'
import { measures } from './objectives.ts'

/** What the schema cannot say: how options of a scenario belong together. */
export function check(seen: View): void {
  for (const name of seen.names('clients')) checkClient(seen, name)
  for (const name of seen.names('phases')) checkPhase(seen, name)
  for (const i of seen.names('faults')) checkFault(seen, i)
  const faults = numbered(seen.names('faults').map(i => faultName(seen, i)))
  for (const i of seen.names('objectives')) checkObjective(seen, i, faults)
  if (seen.has('target')) checkTarget(seen)
}

/** The same names, with a number from the second of each on. */
export function numbered(names: readonly string[]): readonly string[] {
  const count = new Map<string, number>()
  return names.map(name => {
    const n = (count.get(name) ?? 0) + 1
    count.set(name, n)
    return n === 1 ? name : `${name}-${n}`
  })
}

const faultName = (seen: View, i: string): string =>
  seen.text('faults', i, 'name') ?? faultKinds.find(kind => seen.has('faults', i, kind)) ?? 'fault'

function checkClient(seen: View, name: string): void {
  const at = ['clients', name]
  if (seen.has(...at, 'load') === seen.has(...at, 'closed')) seen.complain(at, 'expected just one of load, closed')
  for (const i of seen.names(...at, 'load')) {
    const stretch = [...at, 'load', i]
    const [rate, steps, to] = ['perSecond', 'steps', 'to'].map(option => seen.has(...stretch, option))
    if (rate === steps) seen.complain(stretch, 'expected just one of perSecond, steps')
    else if (to === true && rate === false) seen.complain(stretch, '`to` wants a `perSecond` to begin with')
  }
}

function checkPhase(seen: View, name: string): void {
  const [fromMs, toMs] = [seen.number('phases', name, 'fromMs'), seen.number('phases', name, 'toMs')]
  if (fromMs !== undefined && toMs !== undefined && toMs <= fromMs)
    seen.complain(['phases', name, 'toMs'], `found ${toMs}, expected more than fromMs, ${fromMs}`)
}

function checkFault(seen: View, i: string): void {
  const at = ['faults', i]
  const kinds = faultKinds.filter(kind => seen.has(...at, kind))
  if (kinds.length !== 1)
    seen.complain(at, `found ${kinds.join(' and ') || 'none'}, expected just one of ${faultKinds.join(', ')}`)
  const members = seen.number('workers', 'members') ?? 0
  for (const kind of ['freeze', 'kill', 'leave']) {
    const who = seen.number(...at, kind)
    if (who !== undefined && who >= members && !seen.wrong('workers', 'members'))
      seen.complain([...at, kind], `found ${who}, but there are only ${members} workers, from 0`)
  }
  if (seen.text(...at, 'network', 'between') === 'broker' && seen.text('broker') === 'embedded')
    seen.complain(
      [...at, 'network', 'between'],
      'found broker, to which there are connections only with `broker: kafka`',
    )
}

function checkObjective(seen: View, i: string, faults: readonly string[]): void {
  const at = ['objectives', i]
  if (!measures.some(measure => seen.has(...at, measure)))
    seen.complain(at, `asks for nothing, expected one of ${measures.join(', ')}`)
  const during = seen.text(...at, 'during')
  const spans = [...seen.names('phases'), ...faults]
  if (during !== undefined && !spans.includes(during))
    seen.complain([...at, 'during'], `names no phase and no fault, ${instead(during, spans)}`)
  else if (ofFaults.some(measure => seen.has(...at, measure)) && !faults.includes(during ?? ''))
    seen.complain(
      [...at, 'during'],
      `expected a fault to be noticed or over, ${faults.join(', ') || 'of which there is none'}`,
    )
  for (const measure of ['p99Against', 'answeredAgainst']) {
    const phase = seen.text(...at, measure, 'phase')
    if (phase !== undefined && !spans.includes(phase))
      seen.complain([...at, measure, 'phase'], `names no phase and no fault, ${instead(phase, spans)}`)
  }
  for (const option of ['of', 'neverRefusedMoreThan']) {
    const of = seen.text(...at, option)
    if (of !== undefined && !seen.names('clients').includes(of))
      seen.complain([...at, option], `names no clients, ${instead(of, seen.names('clients'))}`)
  }
  if (seen.has(...at, 'neverRefusedMoreThan') && !seen.has(...at, 'of'))
    seen.complain(at, '`neverRefusedMoreThan` wants an `of` to compare')
  if (seen.has(...at, 'refusedAs') && !seen.has(...at, 'refusedPercent'))
    seen.complain(at, '`refusedAs` wants a `refusedPercent`')
}

const ofFaults = ['detectMs', 'recoverMs', 'steadyMs']

/** A gateway that is not ours: only load within its bounds, and what its admin port allows. */
function checkTarget(seen: View): void {
  if (seen.text('broker') === 'kafka') seen.complain(['broker'], 'found kafka, but a `target` has a broker of its own')
  const most = seen.number('target', 'maxPerSecond') ?? 0
  const longestMs = seen.number('target', 'maxForMs') ?? 0
  let together = 0
  for (const name of seen.names('clients')) {
    const { perSecond, lastsMs } = demand(seen, ['clients', name])
    together += perSecond
    if (together > most)
      seen.complain(
        ['clients', name],
        `asks for up to ${together} a second with those before, more than target.maxPerSecond, ${most}`,
      )
    if (lastsMs > longestMs) seen.complain(['clients', name], `lasts longer than target.maxForMs, ${longestMs}`)
  }
  for (const i of seen.names('faults'))
    if (!seen.has('faults', i, 'gateway') && !seen.has('faults', i, 'network'))
      seen.complain(['faults', i], 'cannot be done to a target: expected gateway or network')
}

/** The most that clients can send in a second, what they repeat included, and for how long. */
function demand(seen: View, at: readonly string[]): Readonly<{ perSecond: number; lastsMs: number }> {
  const users = seen.number(...at, 'closed', 'users') ?? 0
  let most = (users * 1_000) / Math.max(1, seen.number(...at, 'closed', 'thinkMs') ?? 0)
  let lastsMs = seen.number(...at, 'closed', 'forMs') ?? 0
  for (const i of seen.names(...at, 'load')) {
    const stretch = [...at, 'load', i]
    lastsMs += seen.number(...stretch, 'forMs') ?? 0
    const steps = seen.names(...stretch, 'steps').map(step => seen.number(...stretch, 'steps', step) ?? 0)
    const [from = 0, to = 0] = [seen.number(...stretch, 'perSecond'), seen.number(...stretch, 'to')]
    most = Math.max(most, from, to, ...steps)
  }
  return { perSecond: most * (seen.number(...at, 'retry', 'attempts') ?? 1), lastsMs }
}
