import type { Config, RouteOptions } from '../../../config/schema/index.ts'
import { problems } from '../../problem.ts'
import type { ProblemCode } from '../../problem.ts'

const ofAll = [
  'invalid-request',
  'request-timeout',
  'too-large',
  'url-too-long',
  'headers-too-large',
  'overloaded',
  'draining',
  'not-ready',
  'internal',
] as const
const ofPublishing = [
  'broker-unavailable',
  'buffer-full',
  'circuit-open',
  'topic-missing',
  'topic-forbidden',
  'deadline-exceeded',
  'publish-timeout',
] as const
const ofAnswers = ['bulkhead-full', 'shed', 'partition-stuck', 'reply-timeout', 'bad-reply'] as const
const ofKeys = ['key-missing', 'key-in-flight', 'key-reused', 'operations-full'] as const

/** Whether a client may be told 202 and where its operation is. */
export const mayBecomeOperation = (route: RouteOptions): boolean =>
  route.process !== undefined ||
  ((route.command ?? route.query) !== undefined && (route.async !== 'off' || route.onTimeout === 'accept'))

/** Every way in which a request to the route may fail without the worker. */
export function failuresOf(
  route: RouteOptions,
  { workers, tenants, operations }: Pick<Config, 'workers' | 'tenants'> & Partial<Pick<Config, 'operations'>>,
): readonly ProblemCode[] {
  const codes = new Set<ProblemCode>(ofAll)
  const add = (when: boolean, ...more: readonly ProblemCode[]): void => {
    if (when) for (const code of more) codes.add(code)
  }
  const to = route.command ?? route.query
  const worker = to === undefined ? undefined : workers[to.to]
  add(route.identity !== 'none', 'unauthenticated', 'identity-unavailable')
  const ofTenant = tenants !== undefined && route.tenant !== 'none'
  const comparesClaim = route.stream?.filter.some(({ equals }) => equals?.startsWith('claim.') === true) === true
  add(route.scopes.length > 0 || ofTenant || comparesClaim, 'forbidden')
  add(ofTenant, 'rate-limited', 'bulkhead-full')
  add(route.contentTypes !== undefined || route.event?.cloudEvents === true, 'unsupported-type')
  add(hasBody(route), 'unsupported-coding')
  add(route.quota !== undefined || worker?.quota !== undefined, 'rate-limited')
  add(route.stream !== undefined, 'stream-full')
  add(to !== undefined || route.event !== undefined || route.process !== undefined, ...ofPublishing)
  add(route.gather !== undefined, 'too-few-replies')
  add(route.process !== undefined, 'process-refused', 'process-failed')
  add(route.view !== undefined, 'view-behind', 'position-gone')
  add(route.view?.key !== undefined, 'no-value')
  add(to !== undefined, ...ofAnswers)
  add(worker?.group !== undefined, 'no-worker', 'worker-behind')
  const called = route.upstream !== undefined
  add(called || route.fallback?.some(({ upstream }) => upstream !== undefined) === true, 'upstream-failed')
  add(called, 'bad-reply', 'circuit-open', 'bulkhead-full', 'reply-timeout')
  add((route.schema?.request ?? route.schema?.event) !== undefined, 'schema-violation')
  add(route.spool, 'spool-full', 'spool-unavailable')
  add(route.idempotency !== undefined, ...ofKeys)
  add(mayBecomeOperation(route), 'operations-full')
  add(mayBecomeOperation(route) && operations?.callbacks !== undefined, 'callback-forbidden')
  return [...codes]
}

/** By status, each with its codes. */
export function byStatus(codes: readonly ProblemCode[]): ReadonlyMap<number, readonly ProblemCode[]> {
  const all = new Map<number, ProblemCode[]>()
  for (const code of codes.toSorted()) {
    const { status } = problems[code]
    all.set(status, [...(all.get(status) ?? []), code])
  }
  return new Map([...all].toSorted(([a], [b]) => a - b))
}

/** Whether a request to the route is expected to bring a body. */
export const hasBody = ({ match, stream, view }: RouteOptions): boolean =>
  stream === undefined && view === undefined && /^(POST|PUT|PATCH) /.test(match)
