import { byId, element, list, look, say, within } from './dom.js'
import { duration, isHot, policyText, trimmed } from './words.js'

/** @import { Policy, RouteSection, Sections } from './sections.d.ts' */

/** @param {Policy} policy */
function stage({ policy }) {
  const text = element('span', { class: 'dim' })
  const node = element('li', {}, element('b', {}, policy), text)
  /** @param {Policy} policy */
  const update = policy => {
    const said = policyText(policy)
    say(text, policy.mode === 'observe' ? `observes ${said}` : said)
    look(node, `${policy.mode === 'observe' ? 'observe' : ''} ${isHot(policy) ? 'hot' : ''}`.trim())
  }
  return { node, update }
}

/**
 * The policies of a stack as the pipeline that they are.
 * @param {Element} place
 */
export const pipeline = place => list(place, (/** @type {Policy} */ { policy }) => policy, stage)

/** @param {string} name */
function card(name) {
  const rate = element('span', { class: 'dim' })
  const match = element('span', { class: 'dim' })
  const stages = element('ol', { class: 'pipeline', 'aria-label': `Policies of ${name}, from the request inwards` })
  const core = element('b', {})
  const to = element('span', { class: 'dim' })
  const node = element(
    'article',
    { 'aria-label': `Route ${name}` },
    element('div', { class: 'top' }, element('h3', {}, name), match, rate),
    stages,
  )
  const show = pipeline(stages)
  const last = element('li', {}, core, to)
  stages.append(last)
  /** @param {RouteSection} route */
  const update = ({ match: matched, kind, to: whom, timeoutMs, perSecond, policies }) => {
    say(match, matched)
    say(rate, `${trimmed(perSecond)} a second, ${duration(timeoutMs)} at most`)
    show(/** @type {readonly Policy[]} */ (policies))
    say(core, kind)
    say(to, whom)
  }
  return { node, update }
}

/** @returns {(told: Partial<Sections>, changed: ReadonlySet<string>) => void} */
export function showRoutes() {
  const place = within(byId('routes'), '.cards')
  /** @type {Map<string, ReturnType<typeof card>>} */
  const cards = new Map()
  return (told, changed) => {
    for (const key of changed) {
      if (!key.startsWith('route:')) continue
      const name = key.slice(6)
      let known = cards.get(name)
      if (known === undefined) {
        known = card(name)
        cards.set(name, known)
        place.append(known.node)
      }
      known.update(/** @type {RouteSection} */ (told[/** @type {`route:${string}`} */ (key)]))
    }
  }
}
