import type { Call } from '../../call.ts'
import { events } from '../../events.ts'
import type { Happenings } from '../../events.ts'
import { Cohorts } from './cohorts.ts'
import type { Place } from './cohorts.ts'
import { PartitionAnswers } from './answers.ts'
import { Partitions } from './partitions.ts'
import { Shares } from './shares.ts'

type Move = Happenings['occupied']

/** The calls in flight, and those that wait to be, counted by all that a slot is given by: clients, routes, partitions. */
export class InFlight {
  readonly cohorts = new Cohorts()
  readonly partitions: Partitions
  readonly answers: PartitionAnswers
  readonly #moves: Readonly<Record<'entered' | 'left' | 'queued' | 'unqueued', Move>> // made once, told twice a call
  #shares = new Shares(new Map())
  #inFlight = 0

  constructor(worker: string, partitionPercent: number) {
    this.partitions = new Partitions(partitionPercent)
    this.answers = new PartitionAnswers(partition => this.partitions.inFlight(partition))
    this.#moves = {
      entered: { worker, inFlight: 1, waiting: 0 },
      left: { worker, inFlight: -1, waiting: 0 },
      queued: { worker, inFlight: 0, waiting: 1 },
      unqueued: { worker, inFlight: 0, waiting: -1 },
    }
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get waiting(): number {
    return this.size - this.#inFlight
  }

  /** In flight and waiting. */
  get size(): number {
    return this.cohorts.size
  }

  get shares(): Shares {
    return this.#shares
  }

  /** To be said before the first call. */
  guarantee(shares: ReadonlyMap<string, number>): void {
    this.#shares = new Shares(shares)
  }

  /** Into a slot. */
  enter(call: Call, place: Place): void {
    const { partition } = call
    this.#inFlight++
    this.cohorts.enter(place)
    this.answers.begins(partition)
    this.partitions.enter(partition)
    this.#shares.enter(this.#shares.shareOf(call))
    tell(this.#moves.entered)
  }

  leave(call: Call, place: Place): void {
    const { partition } = call
    this.#inFlight--
    this.cohorts.leave(place)
    this.partitions.leave(partition)
    this.#shares.leave(this.#shares.shareOf(call))
    tell(this.#moves.left)
  }

  /** Into the queue: for its partition it counts as if it were in flight. */
  queue({ partition }: Call, place: Place): void {
    this.cohorts.queue(place)
    this.partitions.queue(partition)
    tell(this.#moves.queued)
  }

  unqueue({ partition }: Call, place: Place): void {
    this.cohorts.unqueue(place)
    this.partitions.unqueue(partition)
    tell(this.#moves.unqueued)
  }
}

function tell(move: Move): void {
  if (events.occupied.hasSubscribers) events.occupied.publish(move)
}
