import type { Config } from '../config/schema/index.ts'
import type { Spool } from './bridge/spool/index.ts'
import type { Parts } from './parts.ts'
import { documentAt } from './routes/document.ts'
import type { Admit } from './routes/identity/guard.ts'
import type { Resource } from './routes/resource.ts'
import type { Traces } from './telemetry/traces/traces.ts'

// What only some gateways have beside their parts: looked for when the ways and the front are opened, and loaded only then.

/** Where events wait on disk, and who forwards them; null where no route has any. Throws an Error of one sentence. */
export async function openSpool({ config, broker, far, operations, held }: Parts): Promise<Spool | null> {
  const { spool: options, routes } = config
  if (options === undefined || !Object.values(routes).some(route => route.spool)) return null
  const { Forwarder, Spool, diskOf, holdFile } = await import('./bridge/spool/index.ts') // not loaded where it is not used
  const { paced } = await import('./resilience/repetition/paced.ts')
  try {
    held.use(holdFile(options.file))
    const spool = held.use(await Spool.open(options, diskOf(options.file)))
    if (operations !== null)
      for await (const waiting of spool.commands()) operations.log.keep(waiting, !waiting.inDoubt)
    const pace = paced('spool', options.perSecond)
    held.use(new Forwarder(spool, { broker, publish: far.again, pace, operating: operations?.log ?? null }))
    return spool
  } catch (cause) {
    throw new Error(`The spool ${options.file} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}

/** What describes the gateway to its clients, where they may read it. */
export async function documentsOf({
  config,
  schemas,
}: Pick<Parts, 'config' | 'schemas'>): Promise<readonly Resource[]> {
  if (!config.api.expose) return []
  const pages = config.api.docs ? await (await import('./routes/docs.ts')).docsPages(config.api.title) : []
  const { openapi } = await import('./routes/openapi/index.ts') // not loaded where it is not used
  const { asyncapi } = await import('./bridge/asyncapi.ts')
  return [
    documentAt('/openapi.json', openapi(config, schemas?.shown)),
    documentAt('/asyncapi.json', asyncapi(config, schemas?.shown)),
    ...pages,
  ]
}

/** Whether the environment says where a signal goes: `TRACES` or `METRICS`. */
const wants = (signal: string, env: NodeJS.ProcessEnv): boolean =>
  ['OTEL_EXPORTER_OTLP_ENDPOINT', `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`].some(name => (env[name] ?? '') !== '') &&
  env[`OTEL_${signal}_EXPORTER`] !== 'none' &&
  env['OTEL_SDK_DISABLED'] !== 'true'

/** Sends the metrics where the environment says; else nothing of it is loaded. Throws an Error of one sentence. */
export async function exportMetrics(
  { instance, held, telemetry }: Parts,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (!wants('METRICS', env)) return
  const { exportMetrics } = await import('./telemetry/otlp/index.ts') // not loaded where it is not used
  held.use(exportMetrics(telemetry.metrics.meter, instance, env))
}

/** Who makes spans, where the environment says where they go; else null, and nothing of it is loaded. Throws an Error of one sentence. */
export async function openTraces(
  { instance, held }: Parts,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Traces | null> {
  if (!wants('TRACES', env)) return null
  const { openTraces } = await import('./telemetry/traces/index.ts') // not loaded where it is not used
  return held.use(openTraces(instance, env))
}

/** Who asks clients who they are; null where no route does. Throws an Error of one sentence when a file does not hold. */
export async function openIdentity({ identity, routes }: Config, held: AsyncDisposableStack): Promise<Admit | null> {
  if (Object.values(routes).every(route => route.identity === 'none')) return null
  const { openIdentities } = await import('./routes/identity/index.ts') // not loaded where it is not used
  return openIdentities(identity, held)
}
