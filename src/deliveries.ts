import type { Config } from '../config/schema/index.ts'
import { laggingOf, mismatchesOf, promisesOf } from './bridge/delivery.ts'
import type { TopicInfo } from './bridge/admin.ts'
import type { Broker } from './bridge/broker.ts'
import type { Promised } from './bridge/delivery.ts'
import { pause } from './clock.ts'
import { events } from './events.ts'

type Describe = (topic: string) => Promise<TopicInfo | null>

const againMs = 300_000
/** Connections to the coordinators of groups are not there at first. */
const soonMs = 1_000
const hurried = 10

/**
 * Compares what routes promise with what their topics and groups really do: at the start, and every five minutes where something
 * did not agree or groups are named. Each new mismatch is one line of the log.
 */
export class Deliveries {
  readonly #promises: readonly Promised[]
  readonly #broker: Pick<Broker, 'admin' | 'past'>
  readonly #seeds: string
  #found = new Map<Promised, readonly string[]>()

  constructor(config: Pick<Config, 'routes' | 'broker'>, broker: Pick<Broker, 'admin' | 'past'>) {
    this.#promises = promisesOf(config)
    this.#broker = broker
    this.#seeds = config.broker.brokers.replaceAll(' ', '') || 'BROKERS'
  }

  /** What does not agree: sentences. */
  get notices(): readonly string[] {
    return [...new Set([...this.#found.values()].flat())]
  }

  /** Looks at what is known of the topics, and again from time to time until it is disposed. */
  follow(known: ReadonlyMap<string, TopicInfo>): Disposable {
    const ending = new AbortController()
    void this.#follow(known, ending.signal)
    return { [Symbol.dispose]: () => ending.abort() }
  }

  async #follow(known: ReadonlyMap<string, TopicInfo>, signal: AbortSignal): Promise<void> {
    let describe: Describe = async topic => known.get(topic) ?? null
    let open = this.#promises
    for (let round = 0; !signal.aborted && open.length > 0; round++) {
      const unanswered: Promised[] = []
      const before = new Set(this.notices)
      for (const promised of open) if (!(await this.#compare(promised, describe))) unanswered.push(promised)
      this.#tell(before)
      const hurries = unanswered.length > 0 && round < hurried
      await pause(hurries ? soonMs : againMs, signal)
      describe = topic => this.#broker.admin.topic(topic)
      open = hurries ? unanswered : this.#promises.filter(promised => this.#isOpen(promised))
    }
  }

  #isOpen(promised: Promised): boolean {
    return promised.groups.length > 0 || (this.#found.get(promised)?.length ?? 0) > 0
  }

  /** Whether the brokers said what was asked. */
  async #compare(promised: Promised, describe: Describe): Promise<boolean> {
    try {
      const keeping = (await describe(promised.topic))?.keeping
      const settings = keeping === undefined ? [] : mismatchesOf(promised, keeping, this.#seeds)
      if (!this.#found.has(promised)) this.#found.set(promised, settings)
      const groups = await laggingOf(promised, keeping?.retentionMs ?? -1, this.#broker, this.#seeds)
      this.#found.set(promised, [...settings, ...groups])
      return true
    } catch {
      return false
    }
  }

  #tell(before: ReadonlySet<string>): void {
    if (!events.warning.hasSubscribers) return
    for (const what of this.notices) if (!before.has(what)) events.warning.publish({ what, cause: undefined })
  }
}
