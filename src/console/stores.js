import { byId, element, look, say, within } from './dom.js'
import { pipeline } from './routes.js'
import { switches } from './workers.js'
import { duration, size, trimmed } from './words.js'

/** @import { Policy, Sections } from './sections.d.ts' */

/** @returns {(told: Partial<Sections>, changed: ReadonlySet<string>) => void} */
export function showStores() {
  const place = within(byId('stores'), 'dl')
  const stages = element('ol', { class: 'pipeline', 'aria-label': 'Policies of publishing, from the record inwards' })
  const controls = switches('cluster')
  const [operations, spool] = [element('dd'), element('dd')]
  place.append(
    element('div', {}, element('dt', {}, 'Publishing'), element('dd', {}, stages, controls)),
    element('div', {}, element('dt', {}, 'Operations'), operations),
    element('div', {}, element('dt', {}, 'Spool'), spool),
  )
  const show = pipeline(stages)
  return (told, changed) => {
    for (const control of controls.children) control.toggleAttribute('disabled', told.instance?.changeable !== true)
    if (changed.has('publishing')) show(/** @type {readonly Policy[]} */ (told.publishing ?? []))
    if (changed.has('operations')) say(operations, operationsText(told.operations ?? null))
    if (!changed.has('spool')) return
    say(spool, spoolText(told.spool ?? null))
    look(spool, (told.spool?.records ?? 0) > 0 ? 'warn' : '')
  }
}

/** @param {Sections['operations']} operations */
const operationsText = operations =>
  operations === null
    ? 'No route has any.'
    : `${trimmed(operations.pending)} pending, ${trimmed(operations.ended)} ended and kept, ${size(operations.bytes)}`

/** @param {Sections['spool']} spool */
const spoolText = spool =>
  spool === null
    ? 'None is configured.'
    : spool.records === 0
      ? 'empty'
      : `${trimmed(spool.records)} events, ${size(spool.bytes)}, the oldest since ${duration(spool.oldestMs)}, ${spool.rejected} put aside`
