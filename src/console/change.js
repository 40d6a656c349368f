import { byId, say } from './dom.js'

/**
 * A change that somebody has to confirm, with the words for it.
 * @typedef {Readonly<{ title: string, text: string, verb: string, method: 'PUT' | 'DELETE', path: string, body?: unknown }>} Change
 */

const dialog = /** @type {HTMLDialogElement} */ (byId('confirm'))
const token = /** @type {HTMLInputElement} */ (byId('token'))
const yes = /** @type {HTMLButtonElement} */ (byId('confirm-yes'))
/** @type {Change | null} */
let pending = null

/**
 * Asks whether it shall be, and for the token. The token stays in its field until the page is closed, and is kept nowhere else.
 * @param {Change} change
 */
export function ask(change) {
  pending = change
  say(byId('confirm-title'), change.title)
  say(byId('confirm-text'), change.text)
  say(yes, change.verb)
  say(byId('confirm-error'), '')
  dialog.showModal()
  if (token.value !== '') yes.focus()
}

byId('confirm-no').addEventListener('click', () => dialog.close())
dialog.addEventListener('submit', event => {
  event.preventDefault()
  if (pending !== null) void send(pending)
})

/** @param {Change} change */
async function send({ method, path, body }) {
  yes.disabled = true
  const why = await refusal(method, path, body)
  yes.disabled = false
  if (why === null) dialog.close()
  else say(byId('confirm-error'), why)
}

/**
 * Why it was not done, or null.
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 */
async function refusal(method, path, body) {
  try {
    const response = await fetch(path, {
      method,
      headers: { authorization: `Bearer ${token.value}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (response.ok) return null
    const { error } = await response.json()
    return String(error)
  } catch (error) {
    return `The gateway did not answer: ${/** @type {Error} */ (error).message}`
  }
}
