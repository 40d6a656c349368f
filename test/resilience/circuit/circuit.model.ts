import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import type { CircuitState, ForcedState } from '../../../src/events.ts'
import type { Circuit, CircuitOptions, Pass, Verdict } from '../../../src/resilience/circuit/circuit.ts'

/** Small enough that a few commands move it. */
export const small = (probes: number): CircuitOptions => ({
  name: 'orders',
  mode: 'enforce',
  windowMs: 10_000,
  minCalls: 6,
  failurePercent: 50,
  consecutive: 4,
  openMs: 1_000,
  openMaxMs: 4_000,
  probes,
  longestWaitMs: 3_000,
  slowMs: 100,
  slowPercent: 60,
})

type Counted = Exclude<Verdict, 'none'>
type Ticket = Readonly<{ change: number; probe: number | null }>
const share = (part: readonly unknown[], all: readonly unknown[]): number => (100 * part.length) / all.length

/** The circuit as its rules say it, without opossum, running sums or timers: lists of what has happened. */
export class Model {
  readonly probes: number
  readonly running: Ticket[] = []
  at = 0
  state: CircuitState = 'closed'
  forced: ForcedState | null = null
  window: { tick: number; verdict: Counted }[] = []
  inARow = 0
  until: number | null = null
  closedAt: number | null = null
  exponent = 0
  change = 0
  ids = 0
  underWay: { id: number; at: number }[] = []
  ended: Counted[] = []

  constructor(probes: number) {
    this.probes = probes
  }

  get openings(): number {
    return this.closedAt !== null && this.at - this.closedAt >= 10_000 ? 0 : this.exponent
  }

  /** What the window holds; it moves by a second at a time. */
  get recent(): Counted[] {
    const tick = Math.floor(this.at / 1_000)
    return this.window.filter(one => tick - one.tick < 10).map(({ verdict }) => verdict)
  }

  turn(state: CircuitState): void {
    this.state = state
    this.change++
    this.until = null
    this.underWay = []
    this.ended = []
    if (state === 'closed') {
      this.closedAt = this.at
      this.window = []
      this.inARow = 0
    }
  }

  open(): void {
    const n = this.openings
    this.turn('open')
    this.until = this.at + Math.min(4_000, 1_000 * 2 ** n)
    this.exponent = n + 1
    this.closedAt = null
  }

  wait(ms: number): void {
    this.at += ms
    if (this.until !== null && this.at >= this.until) this.turn('half-open')
  }

  get full(): boolean {
    const [oldest] = this.underWay
    const hangs = oldest !== undefined && this.at - oldest.at > 3_000
    return this.underWay.length + this.ended.length >= this.probes && !hangs
  }

  admit(): Ticket | null {
    if (this.state === 'closed') return { change: this.change, probe: null }
    if (this.state === 'open' || this.full) return null
    if (this.underWay.length + this.ended.length >= this.probes) this.underWay.shift()
    const id = ++this.ids
    this.underWay.push({ id, at: this.at })
    return { change: this.change, probe: id }
  }

  judge({ change, probe }: Ticket, verdict: Verdict): void {
    if (change !== this.change) return
    if (probe === null) {
      if (verdict !== 'none') this.count(verdict)
      return
    }
    if (!this.underWay.some(({ id }) => id === probe)) return
    this.underWay = this.underWay.filter(({ id }) => id !== probe)
    if (verdict === 'none') return
    this.ended.push(verdict)
    const ends = this.completions(this.ended)
    if (ends.every(end => end === 'open')) this.open()
    else if (ends.every(end => end === 'closed')) this.turn('closed')
  }

  /** What all ways to go on would come to. */
  completions(ended: readonly Counted[]): CircuitState[] {
    if (ended.length < this.probes)
      return (['success', 'slow', 'failure'] as const).flatMap(next => this.completions([...ended, next]))
    const successes = ended.filter(verdict => verdict !== 'failure')
    const slow = ended.filter(verdict => verdict === 'slow')
    const failed = ended.filter(verdict => verdict === 'failure')
    if (failed.length > 0 && share(failed, ended) >= 50) return ['open']
    return slow.length > 0 && share(slow, successes) >= 60 ? ['open'] : ['closed']
  }

  count(verdict: Counted): void {
    this.window.push({ tick: Math.floor(this.at / 1_000), verdict })
    this.inARow = verdict === 'failure' ? this.inARow + 1 : 0
    if (this.forced === 'closed') return
    const { recent } = this
    const failed = recent.filter(one => one === 'failure')
    const successes = recent.filter(one => one !== 'failure')
    const slow = recent.filter(one => one === 'slow')
    if (verdict === 'failure' && this.inARow >= 4) this.open()
    else if (verdict === 'failure' && recent.length >= 6 && share(failed, recent) >= 50) this.open()
    else if (verdict === 'slow' && successes.length >= 6 && share(slow, successes) >= 60) this.open()
  }

  force(forced: ForcedState | null): void {
    const before = this.forced
    if (forced === before) return
    this.forced = forced
    if (forced === 'open') {
      this.turn('open')
      this.window = []
      this.inARow = 0
    } else if (forced === 'closed') {
      if (this.state !== 'closed') this.turn('closed')
    } else if (before === 'open') this.turn('half-open')
  }

  halfOpenNow(): void {
    if (this.state === 'open' && this.forced !== 'open') this.turn('half-open')
  }
}

/** The circuit, the passes of its calls under way in the order of the model's, and how time passes. */
export type Real = Readonly<{ circuit: Circuit; running: Pass[]; advance: (ms: number) => Promise<void> }>
type Command = fc.AsyncCommand<Model, Real>

function same(model: Model, { circuit }: Real): void {
  const { state, mode, forced, openUntil, openings, probing, verdicts, failures, slow, inARow } = circuit.snapshot()
  const of = { state, mode, forced, open: openUntil !== null, openings, probing }
  const { underWay, recent } = model
  deepEqual(of, {
    state: model.state,
    mode: model.forced === 'observe' ? 'observe' : 'enforce',
    forced: model.forced,
    open: model.until !== null,
    openings: model.openings,
    probing: underWay.length,
  })
  const refuses = model.state === 'open' || (model.state === 'half-open' && model.full)
  equal(circuit.wouldRefuse('gate') !== null, refuses && model.forced !== 'observe')
  if (openUntil !== null) equal(circuit.refusal('gate').retryAfterMs, Math.max(1, (model.until ?? 0) - model.at))
  if (state !== 'closed') return
  const count = (verdict: Verdict): number => recent.filter(one => one === verdict).length
  deepEqual(
    { verdicts, failures, slow, inARow },
    { verdicts: recent.length, failures: count('failure'), slow: count('slow'), inARow: model.inARow },
  )
}

const command = (name: string, run: (model: Model, real: Real) => Promise<void> | void): Command => ({
  check: () => true,
  run: async (model, real) => {
    await run(model, real)
    same(model, real)
  },
  toString: () => name,
})

function begin(model: Model, { circuit, running }: Real): boolean {
  const pass = circuit.admit()
  const ticket = model.admit()
  equal(pass === null, ticket === null, 'whether it is let through')
  if (pass === null || ticket === null) return false
  running.push(pass)
  model.running.push(ticket)
  return true
}

function end(model: Model, { circuit, running }: Real, nth: number, verdict: Verdict): void {
  const [pass] = running.splice(nth, 1)
  const [ticket] = model.running.splice(nth, 1)
  if (pass === undefined || ticket === undefined) return
  circuit.judge(pass, verdict)
  model.judge(ticket, verdict)
}

const verdicts = fc.constantFrom<Verdict>('success', 'slow', 'slow', 'failure', 'failure', 'none')

/** Calls that end at once, later, or never; waits short and long; news and operators. */
export const commands: fc.Arbitrary<Command>[] = [
  fc.tuple(verdicts, fc.integer({ min: 1, max: 4 })).map(([verdict, times]) =>
    command(`${times} × ${verdict}`, (model, real) => {
      for (let i = 0; i < times; i++) if (begin(model, real)) end(model, real, real.running.length - 1, verdict)
    }),
  ),
  fc.constant(command('begin', (model, real) => void begin(model, real))),
  fc
    .tuple(fc.nat(4), verdicts)
    .map(([nth, verdict]) => command(`end ${nth} ${verdict}`, (model, real) => end(model, real, nth, verdict))),
  fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 900, max: 4_500 }), fc.constant(11_000)).map(ms =>
    command(`wait ${ms}`, async (model, real) => {
      model.wait(ms)
      await real.advance(ms)
    }),
  ),
  fc.constantFrom<ForcedState | null>('open', 'closed', 'observe', null, null).map(forced =>
    command(`force ${forced}`, (model, { circuit }) => {
      model.force(forced)
      circuit.force(forced)
    }),
  ),
  fc.constant(
    command('news', (model, { circuit }) => {
      model.halfOpenNow()
      circuit.halfOpenNow('news')
    }),
  ),
]
