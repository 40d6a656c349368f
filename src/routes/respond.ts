import type { Call, Progress, QuotaState, Reply } from '../call.ts'
import { Problem } from '../problem.ts'
import type { Outcome } from '../problem.ts'
import { isSendable, toField } from './names.ts'

/** What is answered: a request, and the call that was made of it. */
export type Answered = Readonly<{
  id: string
  req: Readonly<{ method?: string | undefined }>
  call: Call | null
  wait: number | null // seconds of `Prefer: wait` when they are honoured
  respondsAsync: boolean
  calls: boolean
  readonly outcome: Outcome
}>

/** The statuses without a body, whatever the reply holds. */
const isBare = (status: number): boolean => status === 204 || status === 205 || status === 304
const nothing = Buffer.alloc(0)

export const replyBody = (reply: Reply): Uint8Array => (isBare(reply.status) ? nothing : reply.body)

/**
 * The head of a reply, flat as writeHead takes it: its content type, those headers that are in `passes`, and ours. Throws
 * bad-reply when HTTP cannot carry it.
 */
export function replyHead(exchange: Answered, reply: Reply, passes: ReadonlySet<string>, ms: number): string[] {
  const { status, headers, body } = reply
  if (!(Number.isInteger(status) && status >= 200 && status <= 599))
    throw new Problem('bad-reply', `The reply has the status ${status}.`)
  let type: string | null = null
  const head: string[] = []
  for (const [name, value] of headers) {
    const isType = name === 'content-type'
    if (!isType && !passes.has(name)) continue
    if (!isSendable(value)) throw new Problem('bad-reply', `The header ${name} of the reply holds a control character.`)
    if (!isType) head.push(name, toField(value))
    else type = toField(value)
  }
  if (reply.own !== undefined) for (const [name, value] of reply.own) head.push(name, value)
  if (!isBare(status)) {
    if (body.length > 0 && type !== null) head.push('Content-Type', type)
    // of HEAD it would say the length of what GET answers, which nobody knows here
    if (body.length > 0 || exchange.req.method !== 'HEAD') head.push('Content-Length', String(body.length))
  } else if (status === 205) head.push('Content-Length', '0')
  addPreferences(head, exchange, status)
  addOurs(head, exchange, exchange.call?.progress.outcome ?? exchange.outcome, ms)
  // forbids to look at the content, which is all that there is to tell what has no type
  if (type !== null || body.length === 0 || isBare(status)) head.push(...noSniffing)
  return head
}

/** A problem as JSON (RFC 9457). `calls` stands before the id of its call. */
export function problemBody(id: string, problem: Problem, outcome: Outcome, calls = 'urn:uuid:'): Buffer {
  const { code, message, policy, limit, observed, retryAfterMs, errors, spec } = problem
  return Buffer.from(
    JSON.stringify({
      type: spec.type ?? `urn:sluice:problem:${code}`,
      title: spec.title,
      status: spec.status,
      detail: message,
      instance: `${calls}${id}`,
      code,
      outcome,
      policy,
      limit,
      observed,
      retryAfterMs: retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs),
      errors,
      'violated-policies': spec.status === 429 ? (problem.violated ?? [quotaName]) : undefined,
    }),
  )
}

/** The head of a problem, flat as writeHead takes it. */
export function problemHead(
  exchange: Answered,
  problem: Problem,
  outcome: Outcome,
  length: number,
  ms: number,
): string[] {
  const head = [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(length),
    'Cache-Control',
    'no-store',
  ]
  const retryAfterMs = problem.retryAfterMs ?? (problem.spec.status === 503 ? 1_000 : null)
  if (retryAfterMs !== null) head.push('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))))
  const location = outcome === 'not-sent' ? null : (exchange.call?.progress.location ?? null)
  if (location !== null) head.push('Location', location)
  addPreferences(head, exchange, problem.spec.status)
  addOurs(head, exchange, outcome, ms)
  head.push(...noSniffing)
  return head
}

/** The head of a stream, whose end nobody knows; no proxy may gather it. */
export function streamHead(exchange: Answered, type: string, outcome: Outcome, ms: number): string[] {
  const head = ['Content-Type', type, 'Cache-Control', 'no-store', 'X-Accel-Buffering', 'no']
  addOurs(head, exchange, outcome, ms)
  head.push(...noSniffing)
  return head
}

const noSniffing = ['X-Content-Type-Options', 'nosniff'] as const

/** RFC 7240, 3: those that were honoured. */
function addPreferences(head: string[], { wait, respondsAsync, calls }: Answered, status: number): void {
  if (wait === null && !respondsAsync && !calls) return
  const applied = [
    ...(respondsAsync && status === 202 ? ['respond-async'] : []),
    ...(wait === null ? [] : [`wait=${wait}`]),
    ...(calls && status === 202 ? ['callback'] : []),
  ]
  if (applied.length > 0) head.push('Preference-Applied', applied.join(', '))
}

function addOurs(head: string[], { id, call }: Answered, outcome: Outcome, ms: number): void {
  head.push('Sluice-Outcome', outcome, 'Sluice-Call-Id', id, 'Server-Timing', timing(call?.progress ?? null, ms))
  const quota = call?.progress.quota ?? null
  if (quota !== null) addQuota(head, quota)
}

const quotaName = 'default'

/** draft-ietf-httpapi-ratelimit-headers: whole seconds, rounded up, so that nobody comes back too early. */
function addQuota(head: string[], states: readonly QuotaState[]): void {
  let left = ''
  let policies = ''
  for (const { policy, remaining, resetMs } of states) {
    const { name, unit, limit, windowMs } = policy
    const parted = left === '' ? '' : ', '
    left += `${parted}"${name}";r=${Math.floor(remaining)};t=${Math.ceil(resetMs / 1_000)}`
    policies += `${parted}"${name}";q=${limit}${unit === 'requests' ? '' : `;qu="${unit}"`};w=${Math.ceil(windowMs / 1_000)}`
  }
  head.push('RateLimit', left, 'RateLimit-Policy', policies)
}

/** Where the time went, as far as the call came. */
export function timing(progress: Progress | null, totalMs: number): string {
  let text = ''
  if (progress !== null) {
    if (progress.queueMs > 0) text += `queue;dur=${tenths(progress.queueMs)}, `
    if (progress.sendings > 0) text += `publish;dur=${tenths(progress.publishMs)}, `
    if (progress.workerMs > 0) text += `worker;dur=${tenths(progress.workerMs)}, `
  }
  return `${text}total;dur=${tenths(totalMs)}`
}

/** One decimal. Number#toFixed takes ten times as long. */
function tenths(ms: number): string {
  const rounded = Math.round(ms * 10)
  const rest = rounded % 10
  return `${(rounded - rest) / 10}.${rest}`
}
