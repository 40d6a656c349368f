import type { Call } from '../call.ts'
import { isoTime, since, wallClock } from '../clock.ts'
import type { EpochMs } from '../clock.ts'
import type { Happenings } from '../events.ts'
import type { Outcome, Problem } from '../problem.ts'
import { lifeOfCalled } from './called.ts'
import type { Listeners } from './listen.ts'

type Called = Happenings['called']
type Finished = Happenings['finished']
/** One step of a call, in milliseconds after its request had come. */
export type Step = Readonly<{ atMs: number; step: string; detail: string }>
/** The life of a call as it is told: `status` and `ms` are null while it runs. */
export type Life = Readonly<{
  id: string
  route: string
  worker: string | null
  client: string | null
  at: string // RFC 3339: when its request came
  status: number | null
  outcome: Outcome
  ms: number | null
  code: string | null
  steps: readonly Step[]
}>

/** What is kept of a call: no body, neither its own nor that of its reply. */
type Kept = Readonly<{
  endedAt: EpochMs
  id: string
  route: string
  method: string
  status: number | null
  outcome: Outcome
  problem: Problem | null
  ms: number
  clientGone: boolean
  call: Trail | null
}>
/** Of a command of `calls`. */
type KeptCalled = Readonly<{ endedAt: EpochMs; id: string; called: Called }>
type Trail = Readonly<{
  worker: string
  client: string
  path: string
  topic: string
  partition: number
  sendings: number
  queueMs: number
  publishMs: number
  workerMs: number
  reply: Readonly<{ topic: string; partition: number; offset: bigint }> | null // where it was read
  upstream: Call['progress']['upstream']
}>

/** Remembers the calls that ended last, for whoever asks what became of one. Nothing is formatted before somebody does. */
export class History {
  readonly #ring: (Kept | KeptCalled | undefined)[]
  #count = 0

  /** Keeps so many; 0: none, and nobody listens. */
  constructor(kept: number) {
    this.#ring = Array.from({ length: kept })
  }

  get listeners(): Listeners {
    return this.#ring.length === 0 ? {} : { finished: this.#keep, called: this.#keepCalled }
  }

  readonly #keep = (happened: Finished): void => {
    const { call, id, route, method, status, outcome, problem, ms, clientGone } = happened
    this.#ring[this.#count++ % this.#ring.length] = {
      endedAt: wallClock(),
      id,
      route,
      method,
      status,
      outcome,
      problem,
      ms,
      clientGone,
      call: call === null ? null : trailOf(call),
    }
  }

  readonly #keepCalled = (called: Called): void => {
    this.#ring[this.#count++ % this.#ring.length] = { endedAt: wallClock(), id: called.id, called }
  }

  /** The call with this id, or null when it is not remembered. */
  find(id: string): Life | null {
    const found = this.#ring.find(kept => kept?.id === id)
    return found === undefined ? null : toldOf(found)
  }

  /** The last ones, the newest first. */
  latest(most: number): readonly Life[] {
    const size = this.#ring.length
    const count = Math.min(most, this.#count, size)
    return Array.from({ length: count }, (_, n) => this.#ring[(this.#count - 1 - n) % size]).flatMap(kept =>
      kept === undefined ? [] : [toldOf(kept)],
    )
  }
}

const toldOf = (kept: Kept | KeptCalled): Life =>
  'called' in kept ? lifeOfCalled(kept.called, kept.endedAt) : lifeOf(kept)

/** The life so far of a call that still runs. */
export const lifeUntilNow = (call: Call): Life =>
  lifeOf({
    endedAt: wallClock(),
    id: call.id,
    route: call.route,
    method: call.told.method,
    status: null,
    outcome: call.progress.outcome,
    problem: null,
    ms: since(call.started),
    clientGone: call.signal.aborted,
    call: trailOf(call),
  })

function trailOf({ worker, client, told, topic, partition, progress }: Call): Trail {
  const { sendings, queueMs, publishMs, workerMs, reply, upstream } = progress
  // not the record: it would keep the reply
  const from = reply === null ? null : { topic: reply.topic, partition: reply.partition, offset: reply.offset }
  const times = { sendings, queueMs, publishMs, workerMs }
  return { worker, client, path: told.path, topic, partition, ...times, reply: from, upstream }
}

function lifeOf(kept: Kept): Life {
  const { id, route, call, status, outcome, problem, ms } = kept
  return {
    id,
    route,
    worker: call === null ? null : workerOf(call),
    client: call?.client ?? null,
    at: isoTime((kept.endedAt - ms) as EpochMs),
    status,
    outcome,
    ms: status === null ? null : rounded(ms),
    code: problem?.code ?? null,
    steps: stepsOf(kept),
  }
}

function stepsOf({ route, method, status, outcome, problem, ms, clientGone, call }: Kept): readonly Step[] {
  const steps: Step[] = []
  const add = (atMs: number, step: string, detail: string): void => {
    steps.push({ atMs: rounded(Math.min(atMs, ms)), step, detail })
  }
  add(
    0,
    'received',
    call === null ? `${method}, route ${route}` : `${method} ${call.path} from ${call.client}, route ${route}`,
  )
  if (call !== null) {
    const { worker, topic, partition, sendings, queueMs, publishMs, workerMs, reply } = call
    if (queueMs > 0) add(queueMs, 'slot', `one of ${worker}, after ${rounded(queueMs)} ms in its queue`)
    // the time from the request to the record is what is left of the whole
    const begun = reply === null ? queueMs : Math.max(queueMs, ms - workerMs - publishMs)
    const where = partition < 0 ? topic : `${topic}[${partition}]`
    if (sendings > 0) add(begun, 'sent', sendings === 1 ? `to ${where}` : `${sendings} times to ${where}`)
    if (sendings > 0 && publishMs > 0 && outcome === 'sent')
      add(begun + publishMs, 'acknowledged', `by the brokers, after ${rounded(publishMs)} ms`)
    if (reply !== null)
      add(
        begun + publishMs + workerMs,
        'replied',
        `${reply.topic}[${reply.partition}] at ${reply.offset}, after ${rounded(workerMs)} ms`,
      )
    if (call.upstream !== undefined) {
      const { name, atMs, ms: tookMs } = call.upstream
      add(atMs, 'called', `the upstream ${name}`)
      if (tookMs !== null) add(atMs + tookMs, 'returned', `by ${name}, after ${rounded(tookMs)} ms`)
    }
  }
  if (problem !== null)
    add(ms, problem.policy === undefined ? 'failed' : `refused by ${problem.policy}`, problem.message)
  if (clientGone) add(ms, 'left', 'The client had closed its connection.')
  if (status === null) add(ms, 'waiting', `The outcome at present is ${outcome}.`)
  else add(ms, 'answered', `${status}, ${outcome}`)
  return steps
}

/** Who answers: of a route without Kafka, the upstream. */
const workerOf = ({ worker, upstream }: Pick<Trail, 'worker' | 'upstream'>): string =>
  worker === '' ? (upstream?.name ?? '') : worker

const rounded = (ms: number): number => Math.round(ms * 100) / 100
