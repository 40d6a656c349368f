import { ask } from './change.js'
import { button, byId, element, list, look, say, within } from './dom.js'
import { circuitLook, circuitText, duration, trimmed } from './words.js'

/** @import { Sections, WorkerSection } from './sections.d.ts' */
/** @typedef {Readonly<{ name: string, worker: WorkerSection, changeable: boolean }>} Shown */

const forces = /** @type {const} */ ([
  ['open', 'Open', 'Every call to it is refused until it is let go.'],
  ['closed', 'Close', 'Every call passes, whatever fails, until it is let go.'],
  ['observe', 'Observe', 'It only tells whom it would refuse, until it is let go.'],
  [null, 'Let go', 'It opens and closes by itself again.'],
])

/**
 * The switches of a circuit.
 * @param {string} name
 */
export function switches(name) {
  return element(
    'p',
    { class: 'buttons', role: 'group', 'aria-label': `Circuit ${name}` },
    ...forces.map(([force, verb, text]) =>
      button(
        `${verb}…`,
        () =>
          ask({
            title: `${verb}: the circuit ${name}?`,
            text,
            verb,
            method: 'PUT',
            path: `/circuits/${name}`,
            body: { force },
          }),
        `${verb} the circuit ${name}`,
      ),
    ),
  )
}

/** @param {Shown} shown */
function card({ name }) {
  const circuit = element('span', { 'data-circuit': name })
  const group = element('span', { class: 'dim' })
  const slots = element('p')
  const meter = /** @type {HTMLMeterElement} */ (
    element('meter', { 'aria-label': `Slots of ${name} in use`, min: '0' })
  )
  const reason = element('p', { class: 'dim' })
  const controls = switches(name)
  const node = element(
    'article',
    { 'aria-label': `Worker ${name}` },
    element('div', { class: 'top' }, element('h3', {}, name), circuit, group),
    slots,
    meter,
    reason,
    controls,
  )
  /** @param {Shown} shown */
  const update = ({ worker, changeable }) => {
    say(circuit, circuitText(worker.circuit))
    look(circuit, `badge ${circuitLook(worker.circuit)}`)
    say(group, groupText(worker))
    const waiting = worker.waiting === 0 ? '' : `, ${trimmed(worker.waiting)} wait`
    say(slots, `${trimmed(worker.inFlight)} of ${trimmed(worker.limit)} slots${waiting}`)
    meter.max = Math.max(1, worker.limit)
    meter.value = worker.inFlight
    say(reason, worker.circuit.state === 'closed' ? '' : worker.circuit.reason)
    for (const control of controls.children) control.toggleAttribute('disabled', !changeable)
  }
  return { node, update }
}

/** @param {WorkerSection} worker */
function groupText({ topic, group }) {
  if (group === null) return topic
  const members = group.members === null ? '' : `, ${group.members} members`
  const seen =
    group.ageMs === null ? ', not seen yet' : group.ageMs > 5_000 ? `, seen ${duration(group.ageMs)} ago` : ''
  return `${topic}, group ${group.group} ${group.presence}${members}, lag ${trimmed(group.lag)}${seen}`
}

/** @returns {(told: Partial<Sections>) => void} */
export function showWorkers() {
  const show = list(within(byId('workers'), '.cards'), (/** @type {Shown} */ { name }) => name, card)
  return told => {
    const changeable = told.instance?.changeable === true
    show(
      Object.entries(told).flatMap(([key, section]) =>
        key.startsWith('worker:')
          ? [{ name: key.slice(7), worker: /** @type {WorkerSection} */ (section), changeable }]
          : [],
      ),
    )
  }
}
