import { hidden } from '../config/load.ts'
import type { Calls } from './calls.ts'
import type { Call, Reply } from './call.ts'
import type { Health } from './health.ts'
import type { Parts } from './parts.ts'
import { explain } from './resilience/explain.ts'
import type { Layer } from './resilience/layer.ts'
import type { AdminPages } from './routes/admin.ts'

const mostCalls = 1_000
const mostRecent = 50

type Explained = Readonly<{ name: string; policies: readonly Layer<Call, Reply>[] }>

/** What the admin port shows of a gateway. */
export function pagesOf(
  { config, instance, operations, overload, publishing, push, telemetry }: Parts,
  health: Health,
  ways: readonly Explained[],
  calls: Calls,
): AdminPages {
  return {
    readiness: () => {
      health.look()
      const { ready, reasons } = health.readiness
      const ills = health.degraded()
      const notices = health.notices()
      const degraded = Object.keys(ills).length + notices.length > 0
      return { ready, degraded, reasons: [...Object.values({ ...reasons, ...ills }), ...notices] }
    },
    metrics: open => {
      health.look()
      return open ? telemetry.metrics.openMetrics() : telemetry.metrics.text()
    },
    config: () => hidden(config),
    calls: () => ({ waiting: calls.waiting(mostCalls), recent: calls.recent(mostRecent) }),
    call: id => calls.life(id),
    processes: () => ({ parked: operations?.processes?.parked ?? [] }),
    policies: () => ({
      instance,
      overload: overload === null ? null : { mode: overload.mode, ...overload.state },
      routes: Object.fromEntries(ways.map(({ name, policies }) => [name, explain(policies)])),
      publishing: explain(publishing),
      refusals: telemetry.refusals.latest(),
    }),
    more: {
      ...(operations?.callbacks != null && { '/callbacks': () => operations.callbacks?.list() }),
      ...(push.length > 0 && { '/push': () => Object.fromEntries(push.map(({ name, state }) => [name, state])) }),
    },
  }
}
