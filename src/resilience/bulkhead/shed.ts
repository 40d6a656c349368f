import type { Priority } from '../../call.ts'
import { Problem } from '../../problem.ts'
import { soon } from '../refusal.ts'

const policy = 'bulkhead'
/**
 * From so many times the adaptive limit, in flight and waiting, calls of a class are refused by chance, and all of them one
 * limit later: between 2 and 3 times as in failsafe-go's adaptive limiter, what matters less before, what matters more
 * after. Probes of health never are.
 */
const shedFrom: Readonly<Record<Priority, number>> = { sheddable: 1, normal: 2, critical: 3, health: Infinity }

/** How full it is: `limit` of those in flight, `places` for those waiting. */
export type Capacity = Readonly<{ inFlight: number; limit: number; waiting: number; places: number }>

const refuse = (code: 'bulkhead-full' | 'shed', detail: string, limit: number, observed: number): Problem =>
  new Problem(code, detail, { retryAfterMs: soon(), policy, limit, observed })

export const full = ({ inFlight, limit, waiting, places }: Capacity): Problem =>
  refuse(
    'bulkhead-full',
    `${inFlight} commands in flight (at most ${limit}), ${waiting} waiting (at most ${places}).`,
    limit + places,
    inFlight + waiting,
  )

export const partitionFull = (partition: number, held: number, cap: number): Problem =>
  refuse(
    'bulkhead-full',
    `${held} commands for partition ${partition} in flight or waiting (at most ${cap} for one partition).`,
    cap,
    held,
  )

export const partitionSilent = (partition: number, inFlight: number): Problem =>
  refuse(
    'bulkhead-full',
    `${inFlight} commands for partition ${partition} in flight, and nothing is heard of it, but of others.`,
    inFlight,
    inFlight + 1,
  )

/** For who waited and gives way to a call that matters more, or to a client that has less. */
export const gaveWay = (newcomer: Priority, { waiting, places }: Capacity): Problem =>
  refuse('shed', `Gave way to a ${newcomer} call: ${waiting} waiting (at most ${places}).`, places, waiting)

/** Whether a call of this class is refused by chance, with so many inside where `limit` are answered in time. */
export function shedByChance(priority: Priority, inside: number, limit: number): Problem | null {
  const from = shedFrom[priority] * limit
  const share = (inside - from) / limit
  if (share <= 0 || Math.random() >= share) return null
  const percent = Math.min(100, Math.round(share * 100))
  const detail = `${inside} commands in flight or waiting, where the worker keeps up with ${limit}: ${percent} % of the ${priority} calls are shed.`
  return refuse('shed', detail, from, inside)
}
