import { byId, element, within } from './dom.js'

/** @import { Refusal, Sections } from './sections.d.ts' */

/** @param {Refusal} refusal */
function row({ at, route, policy, code, detail, mode }) {
  return element(
    'tr',
    {},
    element('td', {}, element('time', { datetime: at }, at.slice(11, 19))),
    element('td', {}, route),
    element('td', {}, mode === 'observe' ? `${policy} (observed)` : policy),
    element('td', {}, code),
    element('td', { class: 'why' }, detail),
  )
}

/** @returns {(told: Partial<Sections>, changed: ReadonlySet<string>) => void} */
export function showRefusals() {
  const place = within(byId('refusals'), 'tbody')
  return ({ refusals }, changed) => {
    if (refusals !== undefined && changed.has('refusals')) place.replaceChildren(...refusals.map(row))
  }
}
