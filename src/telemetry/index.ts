import type { Config } from '../../config/schema/index.ts'
import { openLog } from './log.ts'
import type { Log } from './log.ts'
import { openMetrics } from './metrics.ts'
import type { Looked, Metrics } from './metrics.ts'
import { listen } from './listen.ts'
import { History } from './history.ts'
import { Refusals } from './refusals.ts'
import type { Destination } from './sink.ts'

/** What the gateway tells about itself, until it is closed. */
export interface Telemetry extends AsyncDisposable {
  readonly log: Log
  readonly metrics: Metrics
  readonly refusals: Refusals
  readonly history: History
}

/** `destination` instead of the configured one. */
export type TelemetryOptions = Readonly<{ destination?: Destination }> & Looked

/** Listens to everything that happens; closing it writes what is still to be written, for a second at most. Throws when the log's file cannot be opened. */
export function openTelemetry(
  config: Config,
  instance: string,
  { destination, ...looked }: TelemetryOptions = {},
): Telemetry {
  const log = openLog(config, instance, destination)
  const metrics = openMetrics(config, () => log.lost, looked)
  const refusals = new Refusals()
  const history = new History(config.admin.calls)
  const listening = [listen(refusals.listeners), listen(history.listeners)]
  return {
    log,
    metrics,
    refusals,
    history,
    [Symbol.asyncDispose]: async () => {
      for (const one of listening) one[Symbol.dispose]()
      metrics[Symbol.dispose]()
      await log[Symbol.asyncDispose]()
    },
  }
}
