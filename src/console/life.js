import { byId, element, say } from './dom.js'
import { duration } from './words.js'

/** @import { Life } from './sections.d.ts' */

const dialog = /** @type {HTMLDialogElement} */ (byId('life'))
dialog.addEventListener('close', () => history.replaceState(null, '', location.pathname))

/**
 * Shows what became of a call, step by step.
 * @param {string} id
 */
export async function showLife(id) {
  const response = await fetch(`/calls/${id}`)
  const told = await response.json()
  if (response.ok) show(/** @type {Life} */ (told))
  else {
    say(byId('life-head'), `${id}: ${told.error}`)
    byId('life-steps').replaceChildren()
  }
  if (!dialog.open) dialog.showModal()
}

/** @param {Life} life */
function show({ id, route, at, ms, status, outcome, steps }) {
  const end = status === null ? `still waits, ${outcome}` : `${status}, ${outcome}, after ${duration(ms ?? 0)}`
  say(byId('life-head'), `${id}, route ${route}, ${at}: ${end}`)
  byId('life-steps').replaceChildren(
    ...steps.map(({ atMs, step, detail }) =>
      element(
        'li',
        {},
        element('time', {}, `${atMs.toFixed(1)} ms`),
        element('span', {}, element('b', {}, step), ` ${detail}`),
      ),
    ),
  )
}
