import { after, fromTheWire, precisely, since } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { Connection } from './connection.ts'
import type { Heard, Wire } from './connection.ts'
import { Durations } from './durations.ts'
import type { Spread } from './durations.ts'
import { Errands, writer } from './population.ts'
import type { Errand, Population } from './population.ts'
import { seeded } from './random.ts'
import { identifies } from './template.ts'
import { Arrivals, lengthOf } from './rate.ts'
import { Tally } from './tally.ts'
import type { Fate, Phase, Tallied } from './tally.ts'

/** What a generator is to do. `startAt`: the moment 0 of its rates and phases, in epoch milliseconds, so that processes agree. */
export type Load = Readonly<{
  port: number // of the gateway, on this machine
  startAt: number
  populations: readonly Population[]
  phases: readonly Phase[]
  seed: number
  connections: number // open at once; who finds none gives up, as a pool does that is exhausted
  /** Of the gateway. Default: 127.0.0.1. */
  host?: string
  /** Whether to keep what became of each request by its id. Default: false. */
  ledger?: boolean
}>
/** What clients know of one request: whether it was answered, and how many sendings may have come into the topic. */
export type Entry = readonly [id: string, answered: 0 | 1, mayBeThere: number]
/** `late`: how much later than intended requests were sent, which is the generator's own fault and part of every latency. */
export type Generated = Readonly<{
  populations: Readonly<Record<string, Tallied>>
  late: Spread
  crossed: number
  ledger: readonly Entry[] | null
}>
/** The last second, for whoever watches. */
export type Progress = Readonly<{ atMs: number; asked: number; served: number; p99: number | null }>

/** What else than a network it can be given, such as a gateway in simulation. */
export type Ways = Readonly<{ watch?: (progress: Progress) => void; dial?: () => Wire; tickMs?: number }>

const usualTickMs = 0.2 // of a nap: more often would cost more than what is sent
const longestTickMs = 5 // so late at most somebody hangs up whom an answer has not reached

/** Clients of one kind at work. Sendings in the order in which their patience ends, which is that of their beginning. */
type Crowd = Readonly<{
  of: Population
  arrivals: Arrivals
  errands: Errands
  tally: Tally
  write: ReturnType<typeof writer>
  echoes: boolean // whether an answer says whose it is
  patient: Sending[]
}> & { next: number; head: number }

type Request = Readonly<{ crowd: Crowd; errand: Errand; dueMs: number; firstDueMs: number; attempt: number }>
/** One request under way. */
type Sending = Request & Readonly<{ connection: Wire }> & { done: boolean }

/**
 * An open-loop generator: requests are sent when they are due, whatever has become of the earlier ones, and every latency is
 * from that moment, so that nothing which waits is left out (coordinated omission; Gil Tene, 2013).
 */
export class Generator {
  readonly #load: Load
  readonly #start: Instant
  readonly #crowds: readonly Crowd[]
  readonly #random: () => number
  readonly #late = new Durations()
  readonly #free: Wire[] = []
  readonly #connect: () => Wire
  readonly #tickMs: number
  #dueMs = 0 // the next of all
  #open = 0
  #pending = 0
  #seconds = 0
  #crossed = 0
  #stopped = false
  readonly #ledger: Map<string, [answered: 0 | 1, mayBeThere: number]> | null
  readonly #watch: (progress: Progress) => void

  constructor(load: Load, { watch = () => {}, dial, tickMs = usualTickMs }: Ways = {}) {
    this.#load = load
    this.#watch = watch
    this.#tickMs = tickMs
    this.#connect = dial ?? (() => new Connection(load.port, load.host))
    this.#ledger = load.ledger === true ? new Map() : null
    this.#start = fromTheWire(load.startAt)
    this.#random = seeded(load.seed)
    this.#crowds = load.populations.map((of, index) => {
      const random = seeded(load.seed + index + 1)
      const arrivals = new Arrivals(of.rate, of.even === true ? null : random)
      const [errands, write] = [new Errands(of, index, random), writer(of, `${load.host ?? '127.0.0.1'}:${load.port}`)]
      return {
        of,
        arrivals,
        errands,
        tally: new Tally(load.phases),
        write,
        echoes: of.request === undefined || identifies(of.request),
        patient: [],
        next: arrivals.next(),
        head: 0,
      }
    })
  }

  /** Resolves when everything that was due has ended. */
  async run(): Promise<Generated> {
    const lastMs = Math.max(0, ...this.#crowds.map(({ of }) => of.closed?.forMs ?? lengthOf(of.rate)))
    const { promise, resolve } = Promise.withResolvers<void>()
    const tick = (): void => {
      const nowMs = since(this.#start)
      this.#tick(nowMs)
      if ((nowMs >= lastMs || this.#stopped) && this.#pending === 0) return resolve()
      precisely(Math.max(this.#tickMs, Math.min(this.#dueMs - nowMs, longestTickMs)), tick)
    }
    precisely(this.#tickMs, tick)
    for (const crowd of this.#crowds)
      for (let user = 0; user < (crowd.of.closed?.users ?? 0); user++) this.#next(crowd, -since(this.#start))
    await promise
    for (const connection of this.#free) connection.close()
    for (const { tally } of this.#crowds) tally.turn()
    const results = this.#crowds.map(({ of, tally }) => [of.name, tally.result()] as const)
    const ledger = this.#ledger && [...this.#ledger].map(([id, [answered, there]]): Entry => [id, answered, there])
    return { populations: Object.fromEntries(results), late: this.#late.spread(), crossed: this.#crossed, ledger }
  }

  /** Sends nothing new; what is under way ends. */
  stop(): void {
    this.#stopped = true
  }

  #tick(nowMs: number): void {
    for (; this.#seconds < Math.floor(nowMs / 1_000); this.#seconds++) {
      for (const { tally } of this.#crowds) tally.turn()
      this.#report()
    }
    for (const crowd of this.#crowds) this.#hangUp(crowd, nowMs)
    this.#beginDue(nowMs)
  }

  #beginDue(nowMs: number): void {
    let nextMs = Infinity
    for (const crowd of this.#crowds) {
      while (crowd.next <= nowMs && !this.#stopped) {
        const dueMs = crowd.next
        crowd.next = crowd.arrivals.next()
        this.#begin(crowd, crowd.errands.draw(), dueMs, dueMs, 1)
      }
      nextMs = Math.min(nextMs, crowd.next)
    }
    this.#dueMs = nextMs
  }

  #report(): void {
    const latest = this.#crowds.map(({ tally }) => tally.latest())
    this.#watch({
      atMs: this.#seconds * 1_000,
      asked: latest.reduce((sum, { asked }) => sum + asked, 0),
      served: latest.reduce((sum, { served }) => sum + served, 0),
      p99: latest.reduce<number | null>((worst, { p99 }) => (p99 === null ? worst : Math.max(worst ?? 0, p99)), null),
    })
  }

  /** A user of the closed model asks again after a while. */
  #next(crowd: Crowd, afterMs: number): void {
    const dueMs = Math.max(0, since(this.#start) + afterMs)
    if (this.#stopped || dueMs >= (crowd.of.closed?.forMs ?? 0)) return
    this.#pending++
    const begin = (): void => {
      this.#pending--
      if (!this.#stopped) this.#begin(crowd, crowd.errands.draw(), dueMs, dueMs, 1)
    }
    // who finds no connection would ask for ever without a timer
    if (afterMs === 0 && this.#free.length > 0) queueMicrotask(begin)
    else after(Math.max(0, dueMs - since(this.#start)), begin)
  }

  #begin(crowd: Crowd, errand: Errand, dueMs: number, firstDueMs: number, attempt: number): void {
    const request = { crowd, errand, dueMs, firstDueMs, attempt }
    this.#pending++
    crowd.tally.sent(dueMs, attempt === 1)
    // it is too late to send it: dialling only to hang up would make whoever is late later still
    const late = since(this.#start) - dueMs > crowd.of.patienceMs
    const connection = late ? null : (this.#free.pop() ?? this.#dial())
    if (late) this.#end(request, 'gone', 'never-sent', Infinity)
    else if (connection === null) this.#end(request, 'lost', 'no-connection', 0)
    else this.#send({ ...request, connection, done: false })
  }

  #dial(): Wire | null {
    if (this.#open >= this.#load.connections) return null
    this.#open++
    return this.#connect()
  }

  #send(sending: Sending): void {
    const { crowd, errand, dueMs, connection } = sending
    crowd.patient.push(sending)
    this.#late.record(since(this.#start) - dueMs)
    connection.send(crowd.write(errand, this.#load.startAt + dueMs + crowd.of.patienceMs), heard => {
      this.#hear(sending, heard)
      const nowMs = since(this.#start)
      if (this.#dueMs <= nowMs) this.#beginDue(nowMs) // sooner than a timer, which has milliseconds
    })
  }

  #hear(sending: Sending, heard: Heard | null): void {
    this.#release(sending)
    if (heard === null) return this.#end(sending, 'lost', 'connection-lost', 0)
    const { status, code, retryAfterMs } = heard
    if (status >= 200 && status < 300) {
      if (sending.crowd.echoes && !heard.body.includes(`"id":"${sending.errand.id}"`)) this.#crossed++
      return this.#end(sending, 'served', '', 0)
    }
    const fate = heard.outcome === 'not-sent' ? 'refused' : 'failed'
    this.#end(sending, fate, code === '' ? String(status) : code, isFinal(status) ? Infinity : retryAfterMs)
  }

  #hangUp(crowd: Crowd, nowMs: number): void {
    const { patient, of } = crowd
    for (; crowd.head < patient.length; crowd.head++) {
      const sending = patient[crowd.head] as Sending
      if (sending.done) continue
      if (sending.dueMs + of.patienceMs > nowMs) break
      this.#end(sending, 'gone', 'client-gone', 0)
      sending.connection.close() // it dials again when it is used
      this.#release(sending)
    }
    if (crowd.head > 1_000) patient.splice(0, crowd.head)
    if (crowd.head > 1_000) crowd.head = 0
  }

  #release(sending: Sending): void {
    sending.done = true
    this.#free.push(sending.connection)
  }

  #end(request: Request, fate: Fate, code: string, waitMs: number): void {
    const { crowd, dueMs, firstDueMs } = request
    const endMs = since(this.#start)
    crowd.tally.ended(fate, code, dueMs, endMs)
    this.#enter(request.errand.id, fate, code)
    if (fate === 'served') crowd.tally.answered(firstDueMs, endMs)
    const again = fate !== 'served' && this.#again(request, waitMs)
    if (!again && crowd.of.closed !== undefined) this.#next(crowd, crowd.of.closed.thinkMs)
    this.#pending--
  }

  #enter(id: string, fate: Fate, code: string): void {
    if (this.#ledger === null) return
    const entry = this.#ledger.get(id) ?? [0, 0]
    if (fate === 'served') entry[0] = 1
    if (fate !== 'refused' && code !== 'no-connection' && code !== 'never-sent') entry[1]++
    this.#ledger.set(id, entry)
  }

  /** Whether it is sent once more. */
  #again({ crowd, errand, firstDueMs, attempt }: Request, waitMs: number): boolean {
    const { retry } = crowd.of
    if (retry === undefined || attempt >= retry.attempts || waitMs === Infinity || this.#stopped) return false
    const backoffMs = Math.max(this.#random() * retry.baseMs * 2 ** attempt, retry.obey === true ? waitMs : 0)
    this.#pending++
    const dueMs = since(this.#start) + backoffMs
    after(backoffMs, () => {
      this.#pending--
      this.#begin(crowd, errand, dueMs, firstDueMs, attempt + 1)
    })
    return true
  }
}

const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 429
