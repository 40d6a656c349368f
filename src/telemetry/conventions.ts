import type { Config } from '../../config/schema/index.ts'
import type { Happenings } from '../events.ts'
import type { Problem } from '../problem.ts'
import type { Listeners } from './listen.ts'
import { byName, none } from './meter.ts'
import type { Meter, Spread } from './meter.ts'

type Finished = Happenings['finished']

/** As the conventions advise for durations of HTTP and messaging. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const kafka = { messaging_system: 'kafka' }

/**
 * The metrics that OpenTelemetry's conventions for HTTP servers and messaging name, as Prometheus writes them. Their labels are
 * methods and paths of the configuration, statuses, and codes of problems: an empty one is an attribute that is not there.
 */
export function countConventions(meter: Meter, routes: Config['routes']): Listeners {
  const requests = meter.histogram(
    {
      name: 'http_server_request_duration_seconds',
      help: 'Requests by what was answered, as OpenTelemetry has it: `error_type` is the code of a problem, or a status from 500 on.',
      labels: ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
    },
    bounds,
  )
  const sends = meter.histogram(
    {
      name: 'messaging_client_operation_duration_seconds',
      help: 'Produce requests, as OpenTelemetry has it.',
      labels: ['messaging_system', 'messaging_operation_name'],
    },
    bounds,
  )({ ...kafka, messaging_operation_name: 'send' })
  const sent = meter.counter({
    name: 'messaging_client_sent_messages_total',
    help: 'Records in produce requests, as OpenTelemetry has it.',
    labels: ['messaging_system', 'messaging_operation_name'],
  })({ ...kafka, messaging_operation_name: 'send' })
  const consumed = meter.counter({
    name: 'messaging_client_consumed_messages_total',
    help: 'Replies read, as OpenTelemetry has it.',
    labels: ['messaging_system', 'messaging_operation_name'],
  })({ ...kafka, messaging_operation_name: 'poll' })

  const ofRoute = byName(Object.keys(routes), route => {
    const [method, path] = placeOf(route, routes)
    const spreads = new Map<string | number, Spread>()
    return ({ status, problem }: Finished): Spread => {
      const key = problem === null ? status : problem.code
      const known = spreads.get(key)
      if (known !== undefined) return known
      const made = requests({
        http_request_method: method,
        http_route: path,
        http_response_status_code: String(status),
        error_type: errorOf(status, problem),
      })
      spreads.set(key, made)
      return made
    }
  })
  return {
    finished: happened => ofRoute(happened.route)(happened).observe(happened.ms / 1_000),
    produced: ({ ms, records }) => {
      sends.observe(ms / 1_000)
      sent.value += records
    },
    reply: () => void consumed.value++,
  }
}

/** Method and path of a route; of what is none, no client may say either. */
function placeOf(route: string, routes: Config['routes']): readonly [method: string, path: string] {
  const { match } = routes[route] ?? {}
  if (match === undefined || route === none) return ['_OTHER', '']
  const [method = '', path = ''] = match.split(' ', 2)
  return [method, path]
}

const errorOf = (status: number, problem: Problem | null): string =>
  problem === null ? (status >= 500 ? String(status) : '') : problem.code
