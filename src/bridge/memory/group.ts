import type { Held, MemberHandler } from '../broker.ts'
import { Follower } from './follower.ts'
import type { Log } from './log.ts'
import type { Turns } from './turns.ts'

/** One consumer of a group. */
export type Member = Readonly<{ handler: MemberHandler; from: 'end' | 'earliest' }>

type Tenure = Readonly<{ member: Member; end: () => void }>

const unknown = -1

/** Shares the partitions of a topic among its members, and remembers how far the group has come. */
export class Group {
  readonly #logs: readonly Log[]
  readonly #turns: Turns
  readonly #positions: number[]
  readonly #committed: number[]
  readonly #tenures: (Tenure | null)[]
  readonly #members: Member[] = []

  constructor(logs: readonly Log[], turns: Turns) {
    this.#logs = logs
    this.#turns = turns
    this.#positions = logs.map(() => unknown)
    this.#committed = logs.map(() => unknown)
    this.#tenures = logs.map(() => null)
  }

  get size(): number {
    return this.#members.length
  }

  /** Where the group goes on in each partition; −1 where it never began. */
  get positions(): readonly number[] {
    return this.#positions
  }

  /** What the members have said is done, by partition: −1 where they have said nothing yet. */
  get committed(): readonly number[] {
    return this.#committed
  }

  join(member: Member): void {
    this.#members.push(member)
    this.#rebalance()
  }

  leave(member: Member): void {
    const at = this.#members.indexOf(member)
    if (at < 0) return
    this.#members.splice(at, 1)
    this.#rebalance()
  }

  /** Partition p belongs to member p modulo the members; who keeps a partition is not disturbed. */
  #rebalance(): void {
    for (let p = 0; p < this.#logs.length; p++) {
      const owner = this.#members[p % this.#members.length]
      if (this.#tenures[p]?.member === owner) continue
      this.#tenures[p]?.end()
      this.#tenures[p] = owner === undefined ? null : this.#begin(p, owner)
    }
  }

  #begin(partition: number, member: Member): Tenure {
    const log = this.#logs[partition] as Log
    if (this.#positions[partition] === unknown)
      // kept from now on: else what comes between two members that begin at the end would be read by neither
      this.#positions[partition] = member.from === 'end' ? log.end : log.first
    const revoked = new AbortController()
    const held: Held = {
      topic: log.topic,
      partition,
      signal: revoked.signal,
      done: next => {
        const position = Number(next)
        if (!revoked.signal.aborted && position > (this.#positions[partition] ?? unknown))
          this.#positions[partition] = this.#committed[partition] = Math.min(position, log.end)
      },
    }
    const follower = new Follower({
      log,
      next: this.#positions[partition] ?? 0,
      outOfRange: member.from,
      turns: this.#turns,
      deliver: record => member.handler(record, held),
    })
    const end = (): void => {
      follower.end()
      revoked.abort(new Error('The partition was taken away.'))
    }
    return { member, end }
  }
}
