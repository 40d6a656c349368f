import { basis } from '../../config/scenario/basis.ts'
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
