import { Durations } from './durations.ts'
import type { Curve, Spread } from './durations.ts'

/**
 * What became of one sending. `served`: answered by the worker while the client waited. `refused`: certainly not in the topic,
 * says the gateway. `failed`: any other answer. `gone`: the client lost patience. `lost`: the connection broke.
 */
export type Fate = 'served' | 'refused' | 'failed' | 'gone' | 'lost'
export const fates: readonly Fate[] = ['served', 'refused', 'failed', 'gone', 'lost']

/** A stretch of the run that is judged by itself; what was to be sent in it belongs to it, whenever that ends. */
export type Phase = Readonly<{ name: string; fromMs: number; toMs: number }>

type Counts = Readonly<{
  sent: number // sendings, repetitions included
  asked: number // requests, however often sent
  answered: number // requests served, by whichever sending
  fates: Readonly<Record<Fate, number>>
  codes: Readonly<Record<string, number>> // of everything that was not served
}>
/** What happened in one second: `sent` and `asked` by when they were due, all else by when it ended. */
export type Second = Counts & Readonly<{ served: Spread; refused: Spread }>
/** What became of what was due in a phase. Durations are from the intended sending. */
export type Part = Counts & Readonly<{ served: Spread; refused: Spread; failed: Spread }>
/** In pieces of 100 ms, to see when something began: by when it was due, or ended. */
export type Fine = Readonly<{ asked: readonly number[]; served: readonly number[]; refused: readonly number[] }>
export const fineMs = 100
export type Tallied = Readonly<{
  seconds: readonly Second[]
  phases: Readonly<Record<string, Part>>
  fine: Fine
  curve: Curve // of all answers
}>

class Count {
  sent = 0
  asked = 0
  answered = 0
  readonly fates = { served: 0, refused: 0, failed: 0, gone: 0, lost: 0 }
  readonly codes: Record<string, number> = {}

  add(fate: Fate, code: string): void {
    this.fates[fate]++
    if (fate !== 'served') this.codes[code] = (this.codes[code] ?? 0) + 1
  }
}

class PartCount extends Count {
  readonly spreads = { served: new Durations(), refused: new Durations(), failed: new Durations() }
}

const plain = ({ sent, asked, answered, fates, codes }: Count): Counts => ({ sent, asked, answered, fates, codes })

/** Counts what becomes of the requests of one population, by second and by phase. */
export class Tally {
  readonly #phases: readonly (Phase & Readonly<{ count: PartCount }>)[]
  readonly #counts: Count[] = []
  readonly #spreads: Readonly<{ served: Spread; refused: Spread }>[] = []
  readonly #fine = { asked: [] as number[], served: [] as number[], refused: [] as number[] }
  readonly #all = new Durations()
  readonly #now = { served: new Durations(), refused: new Durations() } // of the second that runs

  constructor(phases: readonly Phase[]) {
    this.#phases = phases.map(phase => ({ ...phase, count: new PartCount() }))
  }

  /** A sending was due; `first` when it is no repetition. */
  sent(dueMs: number, first: boolean): void {
    const second = this.#second(dueMs)
    second.sent++
    if (first) second.asked++
    if (first) bump(this.#fine.asked, dueMs)
    for (const { count } of this.#during(dueMs)) {
      count.sent++
      if (first) count.asked++
    }
  }

  /** A sending has ended. `code` says why it was not served. */
  ended(fate: Fate, code: string, dueMs: number, endMs: number): void {
    this.#second(endMs).add(fate, code)
    const tookMs = endMs - dueMs
    if (fate === 'served' || fate === 'refused') {
      this.#now[fate].record(tookMs)
      bump(this.#fine[fate], endMs)
    }
    if (fate === 'served') this.#all.record(tookMs)
    for (const { count } of this.#during(dueMs)) {
      count.add(fate, code)
      if (fate === 'served' || fate === 'refused' || fate === 'failed') count.spreads[fate].record(tookMs)
    }
  }

  /** A request is served at last. */
  answered(dueMs: number, endMs: number): void {
    this.#second(endMs).answered++
    for (const { count } of this.#during(dueMs)) count.answered++
  }

  /** To be called at the end of each second: percentiles need all that ended in it. */
  turn(): void {
    this.#spreads.push({ served: this.#now.served.take(), refused: this.#now.refused.take() })
  }

  /** The last whole second, for whoever watches. */
  latest(): Readonly<{ asked: number; served: number; p99: number | null }> {
    const count = this.#counts[this.#spreads.length - 1]
    return { asked: count?.asked ?? 0, served: count?.fates.served ?? 0, p99: this.#spreads.at(-1)?.served.p99 ?? null }
  }

  result(): Tallied {
    const seconds = this.#spreads.map((spreads, i) => ({ ...plain(this.#counts[i] ?? new Count()), ...spreads }))
    const phases = this.#phases.map(({ name, count }) => {
      const { served, refused, failed } = count.spreads
      return [
        name,
        { ...plain(count), served: served.spread(), refused: refused.spread(), failed: failed.spread() },
      ] as const
    })
    const dense = (sparse: readonly number[]): readonly number[] =>
      Array.from(sparse, (n: number | undefined) => n ?? 0)
    const fine = {
      asked: dense(this.#fine.asked),
      served: dense(this.#fine.served),
      refused: dense(this.#fine.refused),
    }
    return { seconds, phases: Object.fromEntries(phases), fine, curve: this.#all.curve() }
  }

  #second(ms: number): Count {
    const second = Math.max(0, Math.floor(ms / 1_000))
    for (let missing = this.#counts.length; missing <= second; missing++) this.#counts.push(new Count())
    return this.#counts[second] as Count
  }

  #during(ms: number): readonly (Phase & Readonly<{ count: PartCount }>)[] {
    return this.#phases.filter(({ fromMs, toMs }) => ms >= fromMs && ms < toMs)
  }
}

const bump = (of: number[], ms: number): void => {
  const at = Math.max(0, Math.floor(ms / fineMs))
  of[at] = (of[at] ?? 0) + 1
}
