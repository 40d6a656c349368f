import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { after, now, since, within } from '../../clock.ts'
import type { Alarm, EpochMs, Instant } from '../../clock.ts'
import { events, forcedStates } from '../../events.ts'
import type { CircuitState, ForcedState } from '../../events.ts'
import type { Circuit, Saved } from './circuit.ts'

const everyMs = 1_000
const largestBytes = 1_048_576
const longestFlushMs = 1_000

/**
 * The states of circuits over a restart. Read once, when opened; written at the start, so that a place that cannot be
 * written is known before it is needed, and then after changes: at most once a second, and never on a call's way. What goes
 * wrong is a warning: the gateway is no worse for it than without the file.
 */
export class StateFile implements AsyncDisposable {
  readonly #path: string
  readonly #circuits: readonly Circuit[]
  readonly #watches: readonly Disposable[]
  #alarm: Alarm | null = null
  #writing: Promise<void> | null = null
  #wroteAt: Instant | null = null
  #changed = false
  #failing = false
  #closed = false

  /** Takes up what the file says of these circuits. Never throws. */
  static async open(path: string, circuits: readonly Circuit[]): Promise<StateFile> {
    restore(path, circuits, await read(path))
    return new StateFile(path, circuits)
  }

  private constructor(path: string, circuits: readonly Circuit[]) {
    this.#path = path
    this.#circuits = circuits
    this.#watches = circuits.map(circuit => circuit.watch(() => this.#change()))
    this.#change()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    for (const watch of this.#watches) watch[Symbol.dispose]()
    this.#alarm?.cancel()
    this.#alarm = null
    await within(longestFlushMs, this.#flush()) // a disk may hang
  }

  async #flush(): Promise<void> {
    await this.#writing
    if (this.#changed) await this.#write()
  }

  #change(): void {
    this.#changed = true
    if (this.#alarm !== null || this.#writing !== null || this.#closed) return
    const waitMs = this.#wroteAt === null ? 0 : everyMs - since(this.#wroteAt)
    this.#alarm = after(waitMs, () => {
      this.#alarm = null
      this.#writing = this.#write().finally(() => {
        this.#writing = null
        if (this.#changed) this.#change()
      })
    })
  }

  /** Beside it first: whoever reads it, or pulls the plug, finds the old states or the new ones, and never half of them. */
  async #write(): Promise<void> {
    this.#changed = false
    this.#wroteAt = now()
    const circuits = Object.fromEntries(this.#circuits.map(circuit => [circuit.name, circuit.saved]))
    const beside = `${this.#path}.tmp`
    try {
      await writeFile(beside, `${JSON.stringify({ version: 1, circuits }, null, 2)}\n`, { flush: true })
      await rename(beside, this.#path)
      this.#failing = false
    } catch (cause) {
      if (!this.#failing) warn(`The states of the circuits cannot be written to ${this.#path}.`, cause)
      this.#failing = true
    }
  }
}

const warn = (what: string, cause?: unknown): void => events.warning.publish({ what, cause })

/** What the file holds by the names of the circuits; nothing when there is none, or none to be understood. */
async function read(path: string): Promise<ReadonlyMap<string, unknown>> {
  try {
    const found = await stat(path)
    if (!found.isFile() || found.size > largestBytes) throw new Error('It is no file, or too large.') // a pipe would hang
    const { version, circuits } = record(JSON.parse(await readFile(path, 'utf8')))
    if (version !== 1) throw new Error('Its version is not known.')
    return new Map(Object.entries(record(circuits)))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
      warn(`The states of the circuits could not be read from ${path}: all begin closed.`, cause)
    return new Map()
  }
}

function restore(path: string, circuits: readonly Circuit[], found: ReadonlyMap<string, unknown>): void {
  for (const circuit of circuits) {
    const value = found.get(circuit.name)
    if (value === undefined) continue
    const saved = parse(value)
    if (saved === null) warn(`The state of the circuit ${circuit.name} in ${path} is not understood: it begins closed.`)
    else if (!circuit.restore(saved))
      warn(`The state of the circuit ${circuit.name} in ${path} is out of date: it begins closed.`)
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('It is not what we write.')
  return value as Readonly<Record<string, unknown>>
}

const states: readonly unknown[] = ['closed', 'open', 'half-open'] satisfies CircuitState[]
const holds: readonly unknown[] = [null, ...forcedStates]
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

/** A state as we write it, else null: the file may have been changed by hand. */
function parse(value: unknown): Saved | null {
  if (typeof value !== 'object' || value === null) return null
  const { state, forced, reason, limit, observed, openings, until } = value as Readonly<Record<string, unknown>>
  if (!states.includes(state) || !holds.includes(forced) || typeof reason !== 'string') return null
  if (![limit, observed].every(one => one === undefined || Number.isFinite(one))) return null
  if (!isCount(openings) || !(until === null || isCount(until))) return null
  return {
    state: state as CircuitState,
    forced: forced as ForcedState | null,
    reason: reason.slice(0, 200),
    limit: limit as number | undefined,
    observed: observed as number | undefined,
    openings: openings as number,
    until: until as EpochMs | null,
  }
}
