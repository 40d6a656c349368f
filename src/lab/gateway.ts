import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { basis } from '../../config/scenario/basis.ts'
import { now, pause, since } from '../clock.ts'
import { beside, Child } from './child.ts'
import { parseMetrics } from './series.ts'
import type { Series } from './series.ts'

/** Where a gateway finds what it needs: all of it is made for one run. `group`: of the workers; null when they read without one. */
export type Places = Readonly<{ brokers: string; commands: string; replies: string; group: string | null }>
/** A gateway under test, as a process of its own. */
export interface Target {
  readonly name: string
  readonly pid: number
  readonly port: number
  readonly host?: string // default: 127.0.0.1
  /** Null where there are none. */
  metrics(): Promise<Series | null>
  readyStatus(): Promise<number | null>
  signal(signal: NodeJS.Signals): void
  close(): Promise<void>
}
export type OpenTarget = (places: Places) => Promise<Target>

/** Options of the configuration file, laid over those that the laboratory sets. */
export type Overlay = { readonly [option: string]: unknown }

const readyLimitMs = 60_000
const lookEveryMs = 20

/** The basis, at the places of this run. */
export const placed = ({ brokers, commands, replies, group }: Places): Overlay =>
  overlaid(basis, {
    broker: { brokers },
    replies: { topic: replies },
    workers: { orders: { topic: commands, group: group ?? undefined } },
  })

/** Objects are merged, anything else is replaced. */
export function overlaid(under: Overlay, over: Overlay): Overlay {
  const merged: Record<string, unknown> = { ...under }
  for (const [option, value] of Object.entries(over)) {
    const known = merged[option]
    merged[option] = isOptions(known) && isOptions(value) ? overlaid(known, value) : value
  }
  return merged
}

const isOptions = (value: unknown): value is Overlay =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Starts this gateway, as users start it, with a configuration of its own; resolves once it is ready. */
export const sluice =
  (overlay: Overlay = {}): OpenTarget =>
  async places => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-lab-'))
    const file = join(folder, 'gateway.yaml')
    writeFileSync(file, JSON.stringify(overlaid(placed(places), overlay), null, 2)) // JSON is YAML
    const child = new Child('the gateway', [beside('../main.ts'), 'start', file])
    const close = async (): Promise<void> => {
      await child.end()
      rmSync(folder, { recursive: true, force: true })
    }
    try {
      const { port, admin } = await listening(child)
      const readyStatus = async (): Promise<number | null> =>
        await fetch(`${admin}/readyz`).then(
          ({ status }) => status,
          () => null,
        )
      await patiently('The gateway is not ready', child, async () => ((await readyStatus()) === 200 ? true : null))
      return {
        name: 'sluice',
        pid: child.pid,
        port,
        readyStatus,
        metrics: async () =>
          await fetch(`${admin}/metrics`)
            .then(async answer => parseMetrics(await answer.text()))
            .catch(() => null),
        signal: signal => child.signal(signal),
        close,
      }
    } catch (error) {
      await close()
      throw error
    }
  }

/** Looks until there is something; throws what is missing, with the last that the process said. */
export async function patiently<T>(
  what: string,
  child: Pick<Child<object, { kind: string }>, 'alive' | 'said' | 'name'>,
  look: () => T | null | Promise<T | null>,
): Promise<T> {
  for (const begun = now(); since(begun) < readyLimitMs; await pause(lookEveryMs)) {
    const seen = await look()
    if (seen !== null) return seen
    if (!child.alive) throw new Error(`${child.name} has ended:\n${child.said}`)
  }
  throw new Error(`${what} after ${readyLimitMs / 1_000} s:\n${child.said}`)
}

/** Where it listens, from its log. */
const listening = async (child: Child<object, { kind: string }>): Promise<{ port: number; admin: string }> =>
  await patiently('The gateway does not listen', child, () => {
    const [, port, admin] = /"detail":"[^"]*:(\d+), admin ([^"]+)"/.exec(child.said) ?? []
    return port === undefined || admin === undefined ? null : { port: Number(port), admin: `http://${admin}` }
  })
