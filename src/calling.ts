import type { Config } from '../config/schema/index.ts'
import { Aborter } from './aborter.ts'
import type { Broker } from './bridge/broker.ts'
import type { InFlight, OutboundCall } from './bridge/calls/index.ts'
import { bury } from './bridge/dead.ts'
import { deadOf, groupOf } from './bridge/topics.ts'
import type { Upstream } from './bridge/upstreams/index.ts'
import { dialectOf } from './bridge/wire/index.ts'
import { pause, within } from './clock.ts'
import { events } from './events.ts'
import { Problem } from './problem.ts'
import { targetFlaw } from './routes/target.ts'
import { namedBy } from './upstreams.ts'
import type { ServeOptions, Serving } from './worker/index.ts'

/** Joins a group, on the broker of the gateway or on one that looks like it. */
type Join = (giveUp: NonNullable<ServeOptions['giveUp']>) => Promise<Serving>

const againMs = 1_000
const leaveMs = 500
/** For calls under way to end when the gateway stops; what has not is called by the next member. */
const longestStopMs = 10_000
/** As many as a member of a group finishes behind one that hangs. */
const longestSpan = 10_000n

type CallingParts = Readonly<{ broker: Broker; dead: string; inFlight: InFlight; join: Join }>

/** The calls of one section: a member of its group, from when the gateway is ready until it is disposed of. */
export class Calling implements AsyncDisposable {
  readonly name: string
  readonly #inFlight: InFlight
  readonly #join: Join
  readonly #bury: (...of: [...Parameters<NonNullable<ServeOptions['giveUp']>>, stop: Aborter]) => Promise<boolean>
  readonly #stop = new Aborter()
  #serving: Serving | null = null
  #running: Promise<void> | null = null
  #trouble: string | null = 'it has not joined its group yet'

  constructor(name: string, { broker, dead, inFlight, join }: CallingParts) {
    this.name = name
    this.#inFlight = inFlight
    this.#join = join
    const graveyard = {
      topic: dead,
      partitionFor: broker.partitionFor.bind(broker),
      publish: broker.publish.bind(broker),
    }
    this.#bury = async (record, death, stop) => {
      const by = `calls.${name}`
      const buried = await bury(graveyard, record, { ...death, by }, stop)
      if (buried && events.dead.hasSubscribers) events.dead.publish({ by, reason: death.reason })
      return buried
    }
  }

  /** What an operator should know: sentences. */
  get notices(): readonly string[] {
    return this.#trouble === null ? [] : [`calls.${this.name} does not call: ${this.#trouble}.`]
  }

  /** Those that are under way. */
  get inFlight(): Iterable<OutboundCall> {
    return this.#inFlight.calls
  }

  get counters(): Serving['counters'] | null {
    return this.#serving?.counters ?? null
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Joins, again if need be. */
  async #run(): Promise<void> {
    while (!this.#stop.aborted)
      try {
        this.#serving = await this.#join((record, death) => this.#bury(record, death, this.#stop))
        this.#trouble = null
        if (this.#stop.aborted) await this.#serving.close()
        return
      } catch (error) {
        this.#trouble = Problem.from(error).message
        await pause(againMs, this.#stop)
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#serving === null) this.#stop.abort(stopping())
    await this.#serving?.close()
    this.#stop.abort(stopping())
    // whoever is not admitted, as its group is forbidden, tries until the broker is closed, which is after us
    await within(leaveMs, this.#running ?? Promise.resolve())
  }
}

const stopping = (): Problem => new Problem('draining', 'The gateway stops.')

/** Makes ready to turn commands into calls, for all of `calls`; they end with what is held. Nothing is loaded where there are none. */
export async function openCalling(
  { config, broker, held }: Readonly<{ config: Config; broker: Broker; held: AsyncDisposableStack }>,
  upstreams: ReadonlyMap<string, Upstream>,
): Promise<readonly Calling[]> {
  const all = Object.entries(config.calls)
  if (all.length === 0) return []
  const { caller, InFlight, recovering } = await import('./bridge/calls/index.ts')
  const { serve } = await import('./worker/serve.ts')
  return all.map(([name, options]) => {
    const { topic, from, concurrency, ahead, mirrored } = options
    const group = groupOf('calls', name, options)
    const dialect = dialectOf(options)
    const dead = deadOf(options)
    const known = recovering(broker, { dialect, dead, span: longestSpan })
    const stopMs = Math.min(longestStopMs, config.drain.limitMs)
    const served = { broker: known, topic, group, from, concurrency, ahead, mirrored, dialect, stopMs }
    const inFlight = new InFlight(name, options.upstream)
    const handler = inFlight.handler(caller(namedBy(upstreams, options.upstream), { ...options, flaw: targetFlaw }))
    const join: Join = giveUp => serve({ ...served, giveUp }, handler)
    return held.use(new Calling(name, { broker, dead, inFlight, join }))
  })
}
