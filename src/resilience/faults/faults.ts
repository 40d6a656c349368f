import type { FaultOptions, FaultRule, ModeName } from '../../../config/schema/index.ts'
import type { Abortable, Call, Policy, Reply, Service } from '../../call.ts'
import { after, later, pause, until } from '../../clock.ts'
import type { Alarm, Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import { faults as kinds } from '../../fault.ts'
import type { Fault, Struck } from '../../fault.ts'
import { Problem } from '../../problem.ts'
import { readRules } from './rules.ts'
import { CallFaults } from './callfaults.ts'

type Ending = 'time' | 'cleared'
type Running = {
  readonly rule: FaultRule
  readonly fault: Fault
  readonly ends: Instant
  readonly alarm: Alarm
  strikes: number
}
/** A rule that holds, for people. */
export type RunningRule = FaultRule & Readonly<{ name: string; endsInMs: number; strikes: number }>
export type FaultsState = Readonly<{ active: number; maxActive: number; rules: readonly RunningRule[] }>

/**
 * The faults that are injected at present: by rules, each of which ends by itself, and by the headers of calls. At most
 * `maxActive` calls suffer at once; what strikes is told as an event, and so counted.
 */
export class Faults implements Disposable {
  readonly #options: FaultOptions
  readonly #routes: ReadonlySet<string>
  readonly #workers: ReadonlySet<string>
  readonly #running = new Map<string, Running>()
  readonly #written = new Set<Alarm>() // when the responses that are written slowly are
  #active = 0

  constructor(options: FaultOptions, routes: readonly string[], workers: readonly string[]) {
    this.#options = options
    this.#routes = new Set(routes)
    this.#workers = new Set(workers)
    this.set(options.rules)
  }

  /** From now on these rules hold, by name, each for its time, and no others. Throws invalid-request, and changes nothing, when one is wrong. */
  set(rules: unknown): void {
    const read = readRules(rules, { ...this.#options, routes: this.#routes, workers: this.#workers })
    this.clear()
    for (const [name, rule] of Object.entries(read)) this.#begin(name, rule)
  }

  /** This rule holds from now on, beside the others, in place of one of its name. Throws invalid-request, and changes nothing, when it is wrong. */
  add(name: string, rule: unknown): void {
    const rules = Array.from(this.#running, ([name, { rule }]) => [name, rule] as const)
    const read = readRules(
      { ...Object.fromEntries(rules), [name]: rule },
      { ...this.#options, routes: this.#routes, workers: this.#workers },
    )
    const added = read[name]
    if (this.#running.has(name)) this.#end(name, 'cleared')
    if (added !== undefined) this.#begin(name, added)
  }

  /** Ends one rule; false when there is none of that name. */
  remove(name: string): boolean {
    if (!this.#running.has(name)) return false
    this.#end(name, 'cleared')
    return true
  }

  /** Ends all rules. */
  clear(): void {
    for (const name of this.#running.keys()) this.#end(name, 'cleared')
  }

  snapshot(): FaultsState {
    const rules = Array.from(this.#running, ([name, { rule, ends, strikes }]) => ({
      name,
      ...rule,
      endsInMs: Math.ceil(until(ends)),
      strikes,
    }))
    return { active: this.#active, maxActive: this.#options.maxActive, rules }
  }

  [Symbol.dispose](): void {
    this.clear()
    for (const alarm of this.#written) alarm.cancel()
  }

  /** With `observe` it decides and counts, and nothing goes wrong. */
  get mode(): ModeName {
    return this.#options.mode
  }

  /** What may befall the call; null: nothing. Whoever opens ends. */
  open(call: Call): CallFaults | null {
    if (this.#running.size === 0 && call.fault === null) return null
    const all = call.fault === null ? [] : [...call.fault]
    for (const { rule, fault } of this.#running.values())
      if ((rule.route ?? call.route) === call.route && (rule.worker ?? call.worker) === call.worker) all.push(fault)
    return all.length === 0 ? null : new CallFaults(this, call, all)
  }

  /** Whether the fault strikes; then `release` gives the place back. */
  take(fault: Fault, { route, worker }: Call, first: boolean): boolean {
    if (Math.random() * 100 >= fault.percent) return false
    if (first && this.#active >= this.#options.maxActive) return false
    if (first) this.#active++
    const running = this.#running.get(fault.rule)
    if (running !== undefined) running.strikes++
    if (events.fault.hasSubscribers)
      events.fault.publish({ kind: fault.kind, rule: fault.rule, route, worker, observed: this.mode !== 'enforce' })
    return true
  }

  release(): void {
    this.#active--
  }

  /** Gives the place back when a response has been written that takes so long, should nobody leave before. */
  releaseAfter(ms: number): void {
    const alarm = after(ms, () => {
      this.#written.delete(alarm)
      this.release()
    })
    this.#written.add(alarm)
  }

  /** The slowest that a body is written: even so it ends in the time that a rule may hold. */
  leastRate(bytes: number): number {
    return Math.ceil((bytes * 1_000) / this.#options.maxForMs)
  }

  #begin(name: string, rule: FaultRule): void {
    const { kind, percent, forMs } = rule
    const { needs } = kinds[kind]
    const value = needs === null ? 0 : (rule[needs] ?? 0)
    const alarm = after(forMs, () => this.#end(name, 'time'))
    this.#running.set(name, {
      rule,
      fault: { rule: name, kind, percent, value },
      ends: later(forMs),
      alarm,
      strikes: 0,
    })
    const { route = null, worker = null } = rule
    events.faultRule.publish({ state: 'begun', rule: name, kind, percent, route, worker, forMs })
  }

  #end(name: string, why: Ending): void {
    const running = this.#running.get(name)
    if (running === undefined) return
    this.#running.delete(name)
    running.alarm.cancel()
    const { kind, percent, route = null, worker = null, forMs } = running.rule
    events.faultRule.publish({ state: why, rule: name, kind, percent, route, worker, forMs })
  }
}

const json = [['content-type', 'application/problem+json']] as const

/** As if the worker had answered this; its outcome stays `not-sent`, which is true. */
const answered = (status: number): Reply => ({
  status,
  headers: json,
  body: Buffer.from(JSON.stringify({ type: 'about:blank', title: 'An injected fault.', status })),
})

/** Lets the faults of the calls strike: answers in place of the worker, or tells the core what may befall it. */
export function faults(all: Faults): Policy<Call, Reply> {
  const befall = async (next: Service<Call, Reply>, call: Call, struck: CallFaults): Promise<Reply> => {
    let writtenMs = 0
    try {
      const abort = struck.strike('abort')
      if (abort !== null) return answered(abort.value)
      const reply = await next({ ...call, struck })
      const throttle = struck.strike('throttle')
      if (throttle === null) return reply
      const bytesPerSecond = Math.max(throttle.value, all.leastRate(reply.body.length))
      writtenMs = (reply.body.length * 1_000) / bytesPerSecond
      return { ...reply, bytesPerSecond }
    } finally {
      struck.end(writtenMs)
    }
  }
  return next =>
    function faults(call) {
      const struck = all.open(call)
      return struck === null ? next(call) : befall(next, call, struck)
    }
}

/** Lets the faults of a call strike its publishing: refused before it is written, or acknowledged late. */
export const publishFaults =
  <In extends Abortable & Readonly<{ struck?: Struck }>, Out>(): Policy<In, Out> =>
  next => {
    const befall = async (input: In, struck: Struck): Promise<Out> => {
      if (struck.strike('refused-publish') !== null)
        throw new Problem('broker-unavailable', 'An injected fault refuses it.')
      const slow = struck.strike('slow-publish')
      const result = await next(input)
      if (slow === null) return result
      await pause(slow.value, input.signal)
      if (!input.signal.aborted) return result
      throw new Problem('publish-timeout', 'An injected fault holds the acknowledgement back.')
    }
    return function faults(input) {
      return input.struck === undefined ? next(input) : befall(input, input.struck)
    }
  }
