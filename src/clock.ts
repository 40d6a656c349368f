import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Signal } from './aborter.ts'
import { Linked } from './ring.ts'

declare const brand: unique symbol
/** A point on the monotonic clock, in milliseconds. Never leaves the process: a step of the wall clock must not end a call. */
export type Instant = number & { readonly [brand]: 'Instant' }
/** Milliseconds since 1970, for the wire and for people only. */
export type EpochMs = number & { readonly [brand]: 'EpochMs' }

/** The only file that reads the time or starts a timer. */
export const now = (): Instant => performance.now() as Instant
export const later = (delayMs: number): Instant => (performance.now() + delayMs) as Instant
export const until = (instant: Instant): number => Math.max(0, instant - performance.now())
export const since = (instant: Instant): number => performance.now() - instant
export const wallClock = (): EpochMs => Date.now() as EpochMs
/** Never later than the instant itself: what is over here must not look alive out there. */
export const onTheWire = (instant: Instant): EpochMs => Math.floor(Date.now() + instant - performance.now()) as EpochMs
/** RFC 3339, in UTC. */
export const isoTime = (epochMs: EpochMs): string => new Date(epochMs).toISOString()
/** A date as HTTP writes it (RFC 9110, 5.6.7): whole seconds. */
export const httpDate = (epochMs: EpochMs): string => new Date(epochMs).toUTCString()
/** What RFC 3339 or HTTP says, or null for a time that is none. */
export function parseTime(text: string): EpochMs | null {
  const time = Date.parse(text)
  return Number.isNaN(time) ? null : (time as EpochMs)
}
export const fromTheWire = (epochMs: number): Instant => (performance.now() + epochMs - Date.now()) as Instant

/** Something due later, which can be called off. Both methods of ending it are the same; `cancel` is the cheaper to call. */
export interface Alarm extends Disposable {
  cancel(): void
}

const slotMs = 16
const slotCount = 512
/** How long due alarms may gather before the shared timer looks again: under load one wake-up serves many. */
const gatherMs = 4

/**
 * What may be due once at a time. An alarm with a task is two objects more, so what every call has extends this: a hundred
 * thousand may wait.
 */
export abstract class Timed extends Linked implements Alarm {
  due = 0 // whole milliseconds, rounded up: a fraction would be an object of its own

  /** Called once, when it is due. */
  abstract ring(): void

  /** Rings after `delayMs`, not before, unless cancelled or set again. Keeps the process alive. */
  set(delayMs: number): void {
    this.cancel()
    const start = performance.now()
    this.due = Math.ceil(start + Math.max(0, delayMs))
    if (pending === 0) cursor = Math.floor(start / slotMs)
    this.join(slots[Math.max(cursor, Math.floor(this.due / slotMs)) % slotCount] as Linked)
    pending++
    if (this.due < armedFor) arm(this.due, start)
  }

  cancel(): void {
    if (this.alone) return
    this.part()
    if (--pending === 0) disarm() // an idle process has no timer, and may exit
  }

  [Symbol.dispose](): void {
    this.cancel()
  }
}

class Task extends Timed {
  readonly #task: () => void

  constructor(task: () => void) {
    super()
    this.#task = task
  }

  ring(): void {
    this.#task()
  }
}

/**
 * One timer for all alarms: a hashed timing wheel (Varghese and Lauck 1987, scheme 6). Setting and calling off cost a list
 * insertion and a removal, so that three alarms a call are affordable; what is called off leaves nothing behind.
 */
const slots: readonly Linked[] = Array.from({ length: slotCount }, () => new Linked())
let pending = 0
let cursor = 0 // the slot number (not wrapped) up to which everything due has run
let armedFor = Infinity
let timer: NodeJS.Timeout | undefined

/** Runs `task` once, not before `delayMs` have passed, unless cancelled or disposed first. Keeps the process alive. */
export function after(delayMs: number, task: () => void): Alarm {
  const alarm = new Task(task)
  alarm.set(delayMs)
  return alarm
}

function disarm(): void {
  clearTimeout(timer)
  timer = undefined
  armedFor = Infinity
}

function arm(due: number, start: number): void {
  disarm()
  armedFor = due
  timer = setTimeout(ring, Math.max(1, Math.ceil(due - start)))
}

function ring(): void {
  timer = undefined
  armedFor = Infinity
  const start = performance.now()
  const last = Math.floor(start / slotMs)
  const steps = Math.min(last - cursor, slotCount - 1)
  for (let number = last - steps; number <= last; number++) runDue(slots[number % slotCount] as Linked, start)
  cursor = last
  const due = pending === 0 ? Infinity : earliest()
  if (due < armedFor) arm(Math.max(due, start + gatherMs), start)
}

function runDue(slot: Linked, start: number): void {
  // gathered before any of them rings: then what a task sets and calls off cannot lead astray
  const due = new Linked()
  for (let entry = slot.next; entry !== slot;) {
    const { next } = entry
    if ((entry as Timed).due <= start) {
      entry.part()
      entry.join(due)
    }
    entry = next
  }
  while (!due.alone) {
    const entry = due.next as Timed
    entry.cancel()
    run(() => entry.ring())
  }
}

/** One task's failure must not silence those behind it. */
export function run(task: () => void): void {
  try {
    task()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** The next due time: exact within one turn of the wheel, else the end of the turn. */
function earliest(): number {
  for (let number = cursor; number < cursor + slotCount; number++) {
    const slot = slots[number % slotCount] as Linked
    let due = Infinity
    for (let entry = slot.next; entry !== slot; entry = entry.next) due = Math.min(due, (entry as Timed).due)
    if (due < (number + 1) * slotMs) return due
  }
  return (cursor + slotCount) * slotMs
}

/** Runs `task` every `periodMs` without keeping the process alive: for sampling and sweeping, never for a call. */
export function every(periodMs: number, task: () => void): Disposable {
  const interval = setInterval(task, periodMs)
  interval.unref()
  return { [Symbol.dispose]: () => clearInterval(interval) }
}

/** Once, after `delayMs`, by a timer of its own: to the millisecond, and to a part of it where that is less. Dearer than `after`. */
export function precisely(delayMs: number, task: () => void): void {
  if (delayMs < 1) finely(later(delayMs), task)
  else setTimeout(task, delayMs)
}

const sleeping = new Int32Array(new SharedArrayBuffer(4)) // nobody wakes it
const napMs = 0.2

/** Node has no timer for less than a millisecond: the thread sleeps in short naps, and between them the event loop turns. */
function finely(due: Instant, task: () => void): void {
  setImmediate(() => {
    Atomics.wait(sleeping, 0, 0, Math.min(until(due), napMs))
    if (until(due) > 0) finely(due, task)
    else task()
  })
}

/** Resolves after `delayMs`, or as soon as the signal aborts. Never rejects: the caller looks at the signal. */
export function pause(delayMs: number, signal?: Signal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => {
    alarm.cancel()
    signal?.removeEventListener('abort', wake)
    resolve()
  }
  const alarm = after(delayMs, wake)
  signal?.addEventListener('abort', wake, { once: true })
  return promise
}

/** Resolves when the work has ended, well or not, or without it once the time is up. */
export async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController()
  const end = (): void => done.abort()
  work.then(end, end)
  await pause(limitMs, done.signal)
}

/** How many alarms wait to ring: for tests and the metrics. */
export const alarms = (): number => pending

/** How late the event loop comes to its timers. */
export interface LoopWatch extends Disposable {
  /** The worst of 99 % since the last reading, in milliseconds. */
  read(): number
}

const lookMs = 10
const busy = 0.5

/**
 * Watches the event loop closely only while it is busy more than half of the time: looking every 10 ms at an idle one would
 * cost 0.75 % of a core. To be read every `periodMs` by a timer, whose own lateness counts too: after each reset Node's
 * histogram takes two of its ticks to see anything, and a loop that is a second late may have one between two readings.
 */
export function watchLoop(periodMs: number): LoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: lookMs })
  let before = performance.eventLoopUtilization()
  let readAt: Instant | null = null
  return {
    read: () => {
      const here = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(here, before)
      before = here
      const tickMs = histogram.percentile(99) / 1e6 - lookMs
      const readMs = readAt === null ? 0 : since(readAt) - periodMs
      readAt = now()
      histogram.reset()
      if (utilization > busy) histogram.enable()
      else histogram.disable()
      return Math.max(0, tickMs, readMs)
    },
    [Symbol.dispose]: () => void histogram.disable(),
  }
}
