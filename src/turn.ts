import { now, run, since } from './clock.ts'
import { Linked } from './ring.ts'

/** So many are begun in one turn of the event loop, and no more after so long. */
const most = 128
const turnMs = 10
/** So many may wait; beyond, there is no pace. */
const places = 16_384

class Waiting extends Linked {
  readonly task: () => void
  readonly from = now()

  constructor(task: () => void) {
    super()
    this.task = task
  }
}

const line = new Linked()
let waiting = 0
let start = now()
let open = false // a turn is open from its first task to its end
let begun = 0
let ending = false
let last: (() => void)[] = []

/**
 * Begins `task` at once while the turn of the event loop is young and nobody waits, unless it is not to be `atOnce`; otherwise at
 * the end of this turn or of a later one, in order. A turn begins 128 tasks, and none after 10 ms: in a poll that finds a
 * thousand sockets ready the rest of the process would wait for all of them, and whoever they wait for too.
 */
export function paced(task: () => void, atOnce = true): void {
  if (!open) openTurn()
  if (waiting >= places) return run(task)
  if (atOnce && waiting === 0 && isYoung()) {
    begun++
    return run(task)
  }
  new Waiting(task).join(line)
  waiting++
}

/** For how long the first of those that wait has waited, in milliseconds. */
export const pacedMs = (): number => (waiting === 0 ? 0 : since((line.next as Waiting).from))

/** Runs `task` once all has been begun that this turn of the event loop begins. */
export function atEndOfTurn(task: () => void): void {
  if (ending) last.push(task)
  else setImmediate(task)
}

const isYoung = (): boolean => begun < most && since(start) < turnMs

function openTurn(): void {
  open = true
  start = now()
  begun = 0
  setImmediate(endTurn)
}

function endTurn(): void {
  if (waiting === 0) open = false
  else void beginWaiting()
}

async function beginWaiting(): Promise<void> {
  ending = true
  start = now()
  while (waiting > 0 && isYoung()) {
    const first = line.next as Waiting
    first.part()
    waiting--
    begun++
    run(first.task)
    await Promise.resolve() // what it has set going goes on before the next
  }
  process.nextTick(conclude)
}

/** Once nothing that was begun can go on by itself. */
function conclude(): void {
  ending = false
  const tasks = last
  last = []
  for (const task of tasks) run(task)
  if (waiting === 0) open = false
  else openTurn()
}
