/** @import { Circuit, Policy } from './sections.d.ts' */

const units = /** @type {const} */ ([
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
])

/**
 * A duration for people.
 * @param {number} ms
 */
export function duration(ms) {
  for (const [size, unit] of units) if (ms >= size) return `${trimmed(ms / size)} ${unit}`
  return `${trimmed(ms)} ms`
}

/** @param {number} value */
export const trimmed = value => (value >= 10 ? Math.round(value) : Math.round(value * 10) / 10).toLocaleString('en')

/** @param {number} bytes */
export const size = bytes =>
  bytes < 1_024
    ? `${bytes} B`
    : bytes < 1_048_576
      ? `${trimmed(bytes / 1_024)} KiB`
      : `${trimmed(bytes / 1_048_576)} MiB`

/** @param {Circuit} circuit */
export function circuitText({ state, forced, openUntil }) {
  if (forced !== null) return `held ${forced}`
  if (state !== 'open' || openUntil === null) return state
  return `open for ${duration(Math.max(0, openUntil - Date.now()))}`
}

/** @param {Circuit} circuit */
export const circuitLook = ({ state, forced }) =>
  state === 'open' ? 'bad' : state === 'half-open' || forced !== null ? 'warn' : 'good'

/**
 * What a policy has to say of itself at present.
 * @param {Policy} policy
 * @returns {string}
 */
export function policyText(policy) {
  switch (policy.policy) {
    case 'drain':
      return policy.draining ? 'draining' : `${policy.inside} inside`
    case 'quota':
      return `${policy.policies.map(({ limit, unit, windowMs }) => `${limit} ${unit === 'requests' ? '' : 'bytes '}in ${duration(windowMs)}`).join(', ')}${policy.clients === undefined ? '' : `, ${policy.clients} clients`}`
    case 'lease':
      return `${policy.remaining} of ${policy.requests} left`
    case 'gate':
      return policy.presence === undefined ? '' : `${policy.presence}, lag ${policy.lag}`
    case 'bulkhead': {
      const waiting = Object.values(policy.waiting).reduce((sum, count) => sum + count, 0)
      return `${policy.inFlight} of ${policy.limit} slots${waiting === 0 ? '' : `, ${waiting} wait`}`
    }
    case 'breaker':
    case 'cluster':
      return circuitText(policy)
    case 'partition':
      return policy.bad === 0 ? 'all answer' : `${policy.bad} given up`
    case 'retry':
      return `budget ${policy.budget.tokens} of ${policy.budget.most}`
    case 'fallback':
      return `${policy.steps.length} steps`
    case 'faults':
      return `${policy.rules?.length ?? 0} rules`
    default:
      return ''
  }
}

/**
 * Whether a policy is at a limit.
 * @param {Policy} policy
 */
export function isHot(policy) {
  switch (policy.policy) {
    case 'drain':
      return policy.draining
    case 'bulkhead':
      return policy.inFlight >= policy.limit
    case 'breaker':
    case 'cluster':
      return policy.state === 'open'
    case 'partition':
      return policy.bad > 0
    case 'lease':
      return policy.remaining === 0
    case 'faults':
      return (policy.rules?.length ?? 0) > 0
    default:
      return false
  }
}
