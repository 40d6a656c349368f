import { showCalls } from './calls.js'
import { ask } from './change.js'
import { byId, look, say } from './dom.js'
import { showFaults } from './faults.js'
import { showLife } from './life.js'
import { showRefusals } from './refusals.js'
import { showRoutes } from './routes.js'
import { showStores } from './stores.js'
import { showTraffic } from './traffic.js'
import { showWorkers } from './workers.js'

/** @import { Sections } from './sections.d.ts' */

/** @typedef {Partial<Sections>} Told */

/** What is known; each message brings the sections that have changed. @type {Told} */
const told = {}
/** @type {Set<string>} */
const changed = new Set()
let planned = false

const views = [
  showTraffic(),
  showWorkers(),
  showRoutes(),
  showCalls(),
  showFaults(),
  showStores(),
  showRefusals(),
  showInstance(),
]

/** Draws once a frame at most, and only what has changed: a page in the background draws nothing. */
function draw() {
  planned = false
  for (const view of views) view(told, changed)
  changed.clear()
}

/** @returns {(told: Told, changed: ReadonlySet<string>) => void} */
function showInstance() {
  byId('drain').addEventListener('click', () =>
    ask({
      title: 'Drain this instance?',
      text: 'It goes on serving for the time of drain.delayMs, then refuses new calls, waits for the running ones, and stops. It does not come back by itself.',
      verb: 'Drain',
      method: 'PUT',
      path: '/drain',
      body: {},
    }),
  )
  return ({ instance }, changed) => {
    if (instance === undefined || !changed.has('instance')) return
    const { reasons, ready, draining } = instance
    const state = draining ? 'draining' : ready ? (reasons.length === 0 ? 'ready' : 'degraded') : 'not ready'
    say(byId('instance'), `${instance.instance}, ${state}, broker ${instance.broker}. ${reasons.join(' ')}`)
    look(byId('instance'), state === 'ready' ? 'good' : 'bad')
    document.title = `${state === 'ready' ? '' : `${state}: `}Sluice ${instance.instance}`
    byId('drain').toggleAttribute('disabled', !instance.changeable)
  }
}

function connect() {
  const source = new EventSource('/console/live')
  const tell = (/** @type {string} */ text, /** @type {string} */ kind) => {
    say(byId('link'), text)
    look(byId('link'), kind)
  }
  source.addEventListener('open', () => tell('live', 'badge good'))
  source.addEventListener('error', () => tell('no connection, trying again', 'badge bad'))
  source.addEventListener('message', ({ data }) => {
    const sections = /** @type {Told} */ (JSON.parse(data))
    Object.assign(told, sections)
    for (const key of Object.keys(sections)) changed.add(key)
    if (planned) return
    planned = true
    requestAnimationFrame(draw)
  })
}

/** `#call=ID` in the address shows the life of that call. */
function follow() {
  const [, id] = /^#call=([\w:-]+)$/.exec(location.hash) ?? []
  if (id !== undefined) void showLife(id)
}

addEventListener('hashchange', follow)
follow()
connect()
