import { ask } from './change.js'
import { button, byId, element, list, say, within } from './dom.js'
import { duration, trimmed } from './words.js'

/** @import { Sections, WaitingCall } from './sections.d.ts' */
/** @typedef {Readonly<{ call: WaitingCall, changeable: boolean }>} Shown */

/** So many rows are drawn, of those that the filter leaves: nobody reads more. */
const most = 100

/** @param {Shown} shown */
function row({ call: { id, route, worker, client, waits: awaits } }) {
  const cells = ['waits', 'age', 'left', 'outcome'].map(() => element('td'))
  const [waits, age, left, outcome] = /** @type {[HTMLElement, HTMLElement, HTMLElement, HTMLElement]} */ (cells)
  const end = button(
    'Cancel…',
    () =>
      ask({
        title: 'Cancel this call?',
        text: `${id}, route ${route}: ${awaits === 'upstream' && route.startsWith('calls.') ? 'it is kept with the dead letters' : 'its client is answered at once with 503, and its slot is free'}. What has been sent may still run.`,
        verb: 'Cancel the call',
        method: 'DELETE',
        path: `/calls/${id}`,
      }),
    `Cancel the call ${id}`,
  )
  const name = element('th', { scope: 'row' }, element('a', { href: `#call=${id}` }, id.slice(0, 8)))
  const node = element(
    'tr',
    { 'data-call': id },
    name,
    element('td', {}, `${route} → ${worker}`),
    element('td', {}, client),
    ...cells,
    element('td', {}, end),
  )
  /** @param {Shown} shown */
  const update = ({ call, changeable }) => {
    say(waits, call.waits === 'slot' ? 'a slot' : call.waits === 'reply' ? 'its reply' : 'an upstream')
    say(age, duration(call.ageMs))
    say(left, call.leftMs === null ? '–' : duration(call.leftMs))
    say(outcome, call.sendings > 1 ? `${call.outcome}, sent ${call.sendings} times` : call.outcome)
    end.toggleAttribute('disabled', !changeable)
  }
  return { node, update }
}

/** @returns {(told: Partial<Sections>, changed: ReadonlySet<string>) => void} */
export function showCalls() {
  const filter = /** @type {HTMLInputElement} */ (byId('filter'))
  const show = list(within(byId('waiting'), 'tbody'), (/** @type {Shown} */ { call }) => call.id, row)
  /** @type {Partial<Sections>} */
  let last = {}
  const draw = () => {
    const { waiting, instance } = last
    if (waiting === undefined) return
    const wanted = filter.value.trim().toLowerCase()
    const found = waiting.calls.filter(({ id, route, worker, client }) =>
      [id, route, worker, client].some(text => text.toLowerCase().includes(wanted)),
    )
    show(found.slice(0, most).map(call => ({ call, changeable: instance?.changeable === true })))
    const shown = Math.min(most, found.length)
    say(
      byId('waiting-count'),
      `${trimmed(waiting.total)} wait${found.length > shown || wanted !== '' ? `, the oldest ${shown} of ${trimmed(found.length)} found` : ''}`,
    )
  }
  filter.addEventListener('input', draw)
  return (told, changed) => {
    last = told
    if (changed.has('waiting')) draw()
  }
}
