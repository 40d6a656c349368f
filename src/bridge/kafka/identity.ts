import { now, pause, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Cluster } from './cluster.ts'
import type { Link } from './link.ts'
import { codeName, codes, producerIdApi, producerIdRequest } from './protocol.ts'
import type { ProducerId } from './protocol.ts'

const limitMs = 2_000
const againMs = 100
const forbiddenMs = 60_000 // somebody may come to allow it

/**
 * The producer id under which the brokers weed out doubles (KIP-98). Where they give none, being too old or forbidding it,
 * records go without: then what was handed over and not confirmed stays in doubt.
 */
export class Identity {
  readonly #cluster: Cluster
  readonly #changed: () => void
  #given: Pick<ProducerId, 'id' | 'epoch'> | null = null
  #refusedAt: Instant | null = null
  #asking = false
  #said = ''

  /** `changed` is called when it is settled. */
  constructor(cluster: Cluster, changed: () => void) {
    this.#cluster = cluster
    this.#changed = changed
  }

  /** Null while not known, and where there is none. */
  get given(): Pick<ProducerId, 'id' | 'epoch'> | null {
    return this.#given
  }

  /** Whether it is known, or known that there is none. */
  get settled(): boolean {
    if (this.#given !== null) return true
    if (this.#refusedAt === null || since(this.#refusedAt) > forbiddenMs) this.ask()
    return this.#refusedAt !== null
  }

  ask(): void {
    if (this.#given === null && !this.#asking) void this.#ask()
  }

  /** The id is used up or no longer known: another is wanted, unless it is there already. */
  renew(used: ProducerId['id']): void {
    if (this.#given?.id !== used) return
    this.#given = null
    this.ask()
  }

  /** The brokers take no records with an id. */
  refuse(why: string): void {
    this.#given = null
    this.#refusedAt = now()
    if (why !== this.#said && events.warning.hasSubscribers)
      events.warning.publish({
        what: 'Publishing goes on without a producer id: more of what is not confirmed stays in doubt.',
        cause: new Error(why),
      })
    this.#said = why
  }

  async #ask(): Promise<void> {
    this.#asking = true
    const { ended } = this.#cluster
    while (!ended.aborted && this.#cluster.state === 'ready') {
      const link = this.#cluster.anyLink()
      // a connection that is lost, or a broker that is not ready for it: another is asked
      if (link !== null && (await this.#askOn(link).catch(() => false))) break
      await pause(againMs, ended)
    }
    this.#asking = false
    if (this.#given !== null) this.#refusedAt = null
    if (this.#given !== null || this.#refusedAt !== null) this.#changed()
  }

  /** True once it is settled. */
  async #askOn(link: Link): Promise<boolean> {
    if (!link.knows(producerIdApi)) {
      this.refuse('The brokers are older than 0.11.')
      return true
    }
    const { code, id, epoch } = await link.send(producerIdRequest(), limitMs)
    if (code === codes.none) this.#given = { id, epoch }
    else if (code === codes.clusterAuthorizationFailed)
      this.refuse(`${codeName(code)}: WRITE on a topic is needed, before Kafka 3.0 IDEMPOTENT_WRITE on the cluster.`)
    return code === codes.none || code === codes.clusterAuthorizationFailed
  }
}
