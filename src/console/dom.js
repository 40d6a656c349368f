/**
 * An element with text and children: nothing here is ever read as markup, whatever clients and workers have put into it.
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} [attributes]
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/**
 * The element of the page with that id.
 * @param {string} id
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`The page has no #${id}.`)
  return found
}

/**
 * The one element below it that the selector names.
 * @param {ParentNode} parent
 * @param {string} selector
 */
export function within(parent, selector) {
  const found = parent.querySelector(selector)
  if (!(found instanceof HTMLElement)) throw new Error(`There is no ${selector}.`)
  return found
}

/**
 * Changes what an element says only when it differs: writing the same text would cost a layout.
 * @param {Element} target
 * @param {string} text
 */
export function say(target, text) {
  if (target.textContent !== text) target.textContent = text
}

/**
 * @param {Element} target
 * @param {string} names
 */
export function look(target, names) {
  if (target.className !== names) target.className = names
}

/**
 * @param {string} text
 * @param {() => void} act
 * @param {string} [label] what it is for whoever hears it
 */
export function button(text, act, label = text) {
  const made = element('button', { type: 'button', 'aria-label': label }, text)
  made.addEventListener('click', act)
  return made
}

/**
 * Keeps the children of an element in step with a list: a child stays for as long as its key does, and is only updated.
 * @template T
 * @param {Element} parent
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => Readonly<{ node: Element, update: (item: T) => void }>} make
 * @returns {(items: readonly T[]) => void}
 */
export function list(parent, keyOf, make) {
  /** @type {Map<string, Readonly<{ node: Element, update: (item: T) => void }>>} */
  const known = new Map()
  return items => {
    const keys = new Set(items.map(keyOf))
    for (const [key, { node }] of known)
      if (!keys.has(key)) {
        node.remove()
        known.delete(key)
      }
    let place = parent.firstElementChild
    for (const item of items) {
      const key = keyOf(item)
      const child = known.get(key) ?? make(item)
      known.set(key, child)
      child.update(item)
      if (child.node === place) place = place.nextElementSibling
      else parent.insertBefore(child.node, place)
    }
  }
}
