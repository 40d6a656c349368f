import type { CallbacksOptions, Config } from '../config/schema/index.ts'
import type { Callbacks, Caller, Operations } from './bridge/operations/index.ts'
import type { Broker } from './bridge/broker.ts'
import type { Graveyard } from './bridge/dead.ts'
import type { Receiver } from './bridge/deliver/index.ts'
import type { Subscription } from './bridge/push/index.ts'
import { deadOf, groupOf } from './bridge/topics.ts'
import { originsOf } from './origins.ts'

// Who is sent messages by HTTP: opened where the configuration names any, and loaded only then.

/** Origins below a wildcard that are known at once: the one that has been idle for longest makes room for another. */
const mostOrigins = 1_000

/** Who tells callbacks of the end of their operations; null where there are none. */
export async function openCallbacks(
  { operations, egress, routes }: Config,
  log: Operations,
  held: AsyncDisposableStack,
): Promise<Callbacks | null> {
  const { callbacks: options } = operations
  if (options === undefined) return null
  const { Callbacks } = await import('./bridge/operations/callbacks.ts') // not loaded where it is not used
  const known = held.use(new Called(await openerOf(options, egress.allow)))
  const { keyOf } = await import('./bridge/deliver/index.ts')
  const nameOf = originsOf(options.receivers)
  const keys = new Map(
    Object.entries(options.receivers).map(([name, { signingKey = '' }]) => [name, keyOf(signingKey)]),
  )
  const caller: Caller = {
    deliver: (url, write, ends, signal) => {
      const name = nameOf(url)
      const key = keys.get(name ?? '')
      if (name === null || key === undefined) return null
      return known.of(name, url.origin).deliver(() => write(key), ends, signal)
    },
    passes: route => new Set(routes[route]?.replyHeaders),
  }
  return held.use(new Callbacks(log, { ...options, topic: operations.topic }, caller))
}

type Push = Readonly<{ config: Config; broker: Broker; publish: Graveyard['publish']; held: AsyncDisposableStack }>

/** The subscribers of topics; they are closed with what is held. */
export async function openPush({ config, broker, publish, held }: Push): Promise<readonly Subscription[]> {
  const all = Object.entries(config.push)
  if (all.length === 0) return []
  const { Subscription } = await import('./bridge/push/index.ts') // not loaded where it is not used
  const { keyOf } = await import('./bridge/deliver/index.ts')
  const partitionFor: Broker['partitionFor'] = (topic, key) => broker.partitionFor(topic, key)
  const opening = all.map(async ([subscriber, options]) => {
    const { topic, url, signingKey, token = null, type = topic } = options
    const group = groupOf('push', subscriber, options)
    const [name, target] = [`push.${subscriber}`, new URL(url)]
    const receiver = held.use((await openerOf(options, config.egress.allow))(name, target.origin))
    const key = signingKey === undefined ? null : keyOf(signingKey)
    const filter = options.filter.map(one => ({ ...one, required: false }))
    const graveyard = { topic: deadOf(options), partitionFor, publish }
    const own = { ...options, name, url: target, key, token, type, group, filter }
    return held.use(new Subscription(own, { broker, receiver, graveyard }))
  })
  return await Promise.all(opening)
}

type Open = (name: string, origin: string) => Receiver
type Sending = Pick<CallbacksOptions, 'connections' | 'timeoutMs' | 'retryMs' | 'retryCapMs'>

/** Opens receivers with these options. */
async function openerOf(options: Sending, allow: readonly string[]): Promise<Open> {
  const { Receiver, admitting } = await import('./bridge/deliver/index.ts') // not loaded where it is not used
  const { persistent } = await import('./resilience/repetition/persist.ts')
  const { connections, timeoutMs, retryMs: baseMs, retryCapMs: capMs } = options
  const shared = {
    connections,
    timeoutMs,
    baseMs,
    capMs,
    admits: admitting(allow),
    persist: persistent({ baseMs, capMs }),
  }
  return (name, origin) => new Receiver({ ...shared, name, origin })
}

/** The receivers that were called lately, by origin. */
class Called implements AsyncDisposable {
  readonly #open: Open
  readonly #known = new Map<string, Receiver>()

  constructor(open: Open) {
    this.#open = open
  }

  of(name: string, origin: string): Receiver {
    const receiver = this.#known.get(origin) ?? this.#open(`callbacks.${name}`, origin)
    this.#known.delete(origin) // the latest is the last
    this.#known.set(origin, receiver)
    if (this.#known.size > mostOrigins) this.#makeRoom()
    return receiver
  }

  #makeRoom(): void {
    for (const [origin, receiver] of this.#known) {
      if (receiver.busy) continue
      this.#known.delete(origin)
      return void receiver[Symbol.asyncDispose]()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#known.values(), receiver => receiver[Symbol.asyncDispose]()))
  }
}
