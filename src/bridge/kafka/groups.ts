import { now, pause, since } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { GroupState } from '../admin.ts'
import { meansStale } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import {
  committedRequest,
  coordinatorRequest,
  listApi,
  listRequest,
  shareLagApi,
  shareLagRequest,
} from './coordination.ts'
import { kinds } from './kinds.ts'
import type { Described, Describes } from './kinds.ts'
import type { Link } from './link.ts'
import { codeName, codes, offsetsRequest } from './protocol.ts'

const purpose = 'groups'
const answerMs = 2_000
const connectionMs = 1_000
const lookMs = 20

/** Neither stable nor empty: of the classic protocol the first two, of the newer ones the others. */
const handingOut: ReadonlySet<string> = new Set([
  'PreparingRebalance',
  'CompletingRebalance',
  'Assigning',
  'Reconciling',
  'NotReady',
])

/** Who answers so does not have such a group, or does not serve groups of that kind. */
const unknown: ReadonlySet<number> = new Set([codes.groupIdNotFound, codes.unsupportedVersion])

/**
 * How consumer groups stand, asked once a second and so on connections that are kept: a purpose of the cluster, apart from
 * those of producing and fetching, which no question here may hold up. They exist from the first look on. The names of
 * groups and topics come from the configuration, which bounds what is remembered.
 */
export class Groups {
  readonly #cluster: Cluster
  readonly #coordinators = new Map<string, number>()
  readonly #topics = new Map<string, number>() // with their partitions
  readonly #kinds = new Map<string, Describes>() // how a group was seen last
  #watching = false

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Asks for the members, then for the commits, then for the ends. Throws topic-missing, topic-forbidden or broker-unavailable. */
  async look(name: string, topic: string): Promise<GroupState> {
    const partitions = this.#cluster.partitions(topic)
    this.#follow(topic, partitions)
    try {
      const link = await this.#link(this.#coordinators.get(name) ?? (await this.#find(name, topic)))
      const { state, members, holding } = await this.#describe(name, topic, link)
      const isShare = this.#kinds.get(name)?.kind === 'share'
      const done = isShare
        ? await this.#undone(name, topic, partitions, link)
        : await this.#committed(name, topic, partitions, link)
      const ends = await this.#ends(topic, partitions)
      // a new group is stable seconds before anybody is given anything
      const rebalancing = handingOut.has(state) || (members > 0 && holding === 0)
      return { members, rebalancing, committed: done(ends), ends }
    } catch (error) {
      if (error instanceof Problem) throw error
      this.#coordinators.delete(name) // it may be another node by now
      const said = error instanceof Error ? error.message : String(error)
      throw new Problem('broker-unavailable', `The group ${name}: ${said}`, { cause: error })
    }
  }

  /** From now on there are connections to the leaders of the topic. */
  #follow(topic: string, partitions: number): void {
    const isNew = !this.#topics.has(topic)
    this.#topics.set(topic, partitions)
    if (!isNew) return
    if (!this.#watching) this.#cluster.purpose(purpose, () => this.#nodes())
    this.#watching = true
    this.#cluster.refresh()
  }

  *#nodes(): Iterable<number> {
    yield* this.#coordinators.values()
    for (const topic of this.#topics.keys()) yield* this.#leaders(topic).keys()
  }

  /** The partitions that each node leads. */
  #leaders(topic: string): Map<number, number[]> {
    const leaders = new Map<number, number[]>()
    for (let partition = 0; partition < (this.#topics.get(topic) ?? 0); partition++) {
      const node = this.#cluster.leader(topic, partition)
      if (node === null) continue
      const led = leaders.get(node)
      if (led === undefined) leaders.set(node, [partition])
      else led.push(partition)
    }
    return leaders
  }

  /** The connection to a node. The cluster dials; here it is only waited for. */
  async #link(node: number): Promise<Link> {
    const begun = now()
    for (;;) {
      const link = this.#cluster.link(node, purpose)
      if (link !== null) return link
      if (since(begun) > connectionMs) throw new Error(`no connection to node ${node}`)
      await pause(lookMs)
    }
  }

  async #find(name: string, topic: string): Promise<number> {
    const [anyone] = this.#leaders(topic).keys()
    if (anyone === undefined) throw new Error(`${topic} has no leader`)
    const { code, node } = await (await this.#link(anyone)).send(coordinatorRequest(name), answerMs)
    check(code, name)
    this.#coordinators.set(name, node)
    this.#cluster.refresh()
    return node
  }

  /**
   * Asks in the way that saw the group last. Where that sees nothing the node says of which type the group is, and is asked
   * in the way that sees it. A group that it does not list, or does not list to us, is asked for in all ways: it may have
   * come since, and a refusal must be told from its absence.
   */
  async #describe(name: string, topic: string, link: Link): Promise<Described> {
    const last = this.#kinds.get(name)
    const seen = last && (await this.#ask(last, name, topic, link))
    if (seen) return seen
    const type = await this.#typeOf(name, link)
    const ways = type === null ? kinds : kinds.filter(way => way.kind === type)
    if (type !== null && !ways.some(way => link.knows(way.api, way.version)))
      throw new Problem(
        'broker-unavailable',
        `The group ${name} is of the type ${type}, of which nothing can be asked.`,
      )
    for (const way of ways) {
      const described = way === last ? null : await this.#ask(way, name, topic, link)
      if (described !== null) return described
    }
    return { code: codes.none, state: 'Dead', members: 0, holding: null }
  }

  /** Null where the group is not seen in this way: to a request of another kind it is dead, without an error. */
  async #ask(way: Describes, name: string, topic: string, link: Link): Promise<Described | null> {
    if (!link.knows(way.api, way.version)) return null
    const described = await link.send(way.request(name, topic), answerMs)
    if (unknown.has(described.code) || described.state === 'Dead') return null
    check(described.code, name)
    this.#kinds.set(name, way)
    return described
  }

  /** The type of a group, or null where the node is too old to say or lists no such group. */
  async #typeOf(name: string, link: Link): Promise<string | null> {
    if (!link.knows(listApi.key, listApi.version)) return null
    const { code, types } = await link.send(listRequest(), answerMs)
    check(code, name)
    return types.get(name) ?? null
  }

  async #committed(name: string, topic: string, partitions: number, link: Link): Promise<Done> {
    const { code, offsets } = await link.send(committedRequest(name, topic, partitions), answerMs)
    check(code, name)
    return ends => ends.map((_, partition) => offsets.get(partition) ?? -1n)
  }

  /** A share group finishes records in any order: what it has left of a partition counts as the last of it. */
  async #undone(name: string, topic: string, partitions: number, link: Link): Promise<Done> {
    if (!link.knows(shareLagApi, 1)) return ends => ends.map(() => -1n)
    const { code, lags } = await link.send(shareLagRequest(name, topic, partitions), answerMs)
    check(code, name)
    return ends =>
      ends.map((end, partition) => {
        const lag = lags.get(partition) ?? -1n
        return lag < 0n || end < lag ? -1n : end - lag
      })
  }

  async #ends(topic: string, partitions: number): Promise<readonly bigint[]> {
    const ends = Array<bigint>(partitions).fill(-1n)
    for (const [node, some] of this.#leaders(topic)) {
      const link = await this.#link(node)
      for (const { partition, code, offset } of await link.send(offsetsRequest(topic, some, 'end'), answerMs)) {
        if (meansStale(code)) this.#cluster.refresh()
        if (code !== codes.none) throw new Error(`${topic}/${partition}: ${codeName(code)}`)
        ends[partition] = offset
      }
    }
    return ends
  }
}

/** What is done of each partition, by where they end. */
type Done = (ends: readonly bigint[]) => readonly bigint[]

function check(code: number, group: string): void {
  if (code === codes.none) return
  if (code === codes.groupAuthorizationFailed || code === codes.topicAuthorizationFailed)
    throw new Problem('topic-forbidden', `No permission on the group ${group}: ${codeName(code)}.`)
  throw new Error(codeName(code))
}
