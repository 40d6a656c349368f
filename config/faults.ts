import { faultKinds, faults } from '../src/fault.ts'
import { instead } from './mistake.ts'
import type { View } from './view.ts'

/** Checks the faults to be injected: that each has what its kind needs, stays within the caps, and names what there is. */
export function checkFaults(view: View): void {
  for (const rule of view.names('faults', 'rules')) {
    checkNeeds(view, rule)
    checkCap(view, rule, 'percent', 'maxPercent')
    checkCap(view, rule, 'forMs', 'maxForMs')
    checkName(view, rule, 'route')
    checkName(view, rule, 'worker')
  }
  const enabled = view.truth('faults', 'headers') === true
  if (enabled && !view.has('admin', 'token') && !view.has('admin', 'tokenFile'))
    view.complain(['faults', 'headers'], 'found true, but there is no admin.token for requests to bring')
}

function checkNeeds(view: View, rule: string): void {
  const text = view.text('faults', 'rules', rule, 'kind')
  const kind = faultKinds.find(kind => kind === text)
  if (kind === undefined) return
  const { needs, least, most } = faults[kind]
  if (needs === null || view.wrong('faults', 'rules', rule, needs)) return
  const value = view.number('faults', 'rules', rule, needs)
  if (value === undefined)
    view.complain(['faults', 'rules', rule], `has no ${needs}, expected one, as its kind is ${kind}`)
  else if (value < least || value > most)
    view.complain(['faults', 'rules', rule, needs], `found ${value}, expected from ${least} to ${most} for ${kind}`)
}

function checkCap(view: View, rule: string, option: string, cap: string): void {
  const most = view.number('faults', cap)
  const value = view.number('faults', 'rules', rule, option)
  if (most !== undefined && value !== undefined && value > most)
    view.complain(['faults', 'rules', rule, option], `found ${value}, expected at most faults.${cap}, which is ${most}`)
}

function checkName(view: View, rule: string, option: 'route' | 'worker'): void {
  const name = view.text('faults', 'rules', rule, option)
  const names = view.names(`${option}s`)
  if (name === undefined || names.includes(name)) return
  view.complain(
    ['faults', 'rules', rule, option],
    `found ${JSON.stringify(name)}, which is no ${option}, ${instead(name, names)}`,
  )
}
