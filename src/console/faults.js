import { ask } from './change.js'
import { button, byId, element, list, say, within } from './dom.js'
import { duration } from './words.js'

/** @import { FaultsSection, Sections } from './sections.d.ts' */
/** @typedef {FaultsSection['rules'][number]} Rule */

const everybody = 'all'

/** @param {Rule} rule */
function row({ name }) {
  const text = element('span')
  const stop = button(
    'Stop…',
    () =>
      ask({
        title: `Stop the fault ${name}?`,
        text: 'It strikes no more.',
        verb: 'Stop',
        method: 'DELETE',
        path: `/faults/${name}`,
      }),
    `Stop the fault ${name}`,
  )
  const node = element('li', {}, element('b', {}, name), ' ', text, ' ', stop)
  /** @param {Rule} rule */
  const update = ({ kind, percent, route, worker, endsInMs, strikes }) =>
    say(
      text,
      `${kind} for ${percent} % of ${route ?? worker ?? 'all calls'}, ${strikes} so far, ends in ${duration(endsInMs)}`,
    )
  return { node, update }
}

/**
 * @param {Element} select
 * @param {readonly string[]} values
 */
function choices(select, values) {
  if (select.childElementCount !== values.length)
    select.replaceChildren(...values.map(value => element('option', { value }, value)))
}

/** @returns {(told: Partial<Sections>, changed: ReadonlySet<string>) => void} */
export function showFaults() {
  const place = byId('faults')
  const form = /** @type {HTMLFormElement} */ (byId('fault'))
  const show = list(within(place, 'ul'), (/** @type {Rule} */ { name }) => name, row)
  /** @type {FaultsSection['needs']} */
  let needs = {}
  const said = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement | HTMLSelectElement} */ (within(form, `[name=${name}]`)).value
  const fit = () => {
    const needed = needs[said('kind')] ?? null
    byId('fault-value').hidden = needed === null
    say(within(byId('fault-value'), 'span'), needed ?? 'Value')
  }
  form.addEventListener('change', fit)
  form.addEventListener('submit', event => {
    event.preventDefault()
    const kind = said('kind')
    const worker = said('worker')
    const needed = needs[kind] ?? null
    const rule = {
      kind,
      percent: Number(said('percent')),
      forMs: Number(said('seconds')) * 1_000,
      ...(worker !== everybody && { worker }),
      ...(needed !== null && { [needed]: Number(said('value')) }),
    }
    ask({
      title: `Start the fault ${kind}?`,
      text: `It strikes ${rule.percent} % of ${worker === everybody ? 'all calls' : `the calls to ${worker}`} for ${duration(rule.forMs)}, then ends by itself.`,
      verb: 'Start',
      method: 'PUT',
      path: `/faults/console-${kind}`,
      body: rule,
    })
  })
  return (told, changed) => {
    const { faults, instance } = told
    if (faults === undefined || !changed.has('faults')) return
    byId('no-faults').hidden = faults !== null
    form.hidden = faults === null || instance?.changeable !== true
    if (faults === null) return
    show(faults.rules)
    needs = faults.needs
    choices(within(form, '[name=kind]'), faults.kinds)
    const workers = Object.keys(told).flatMap(key => (key.startsWith('worker:') ? [key.slice(7)] : []))
    choices(within(form, '[name=worker]'), [everybody, ...workers])
    fit()
  }
}
