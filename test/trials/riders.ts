import type { Ask } from '../help/ask.ts'
import { until } from '../help/until.ts'

/** What became of one order. */
export type Ride = Readonly<{
  begun: number // performance.now()
  ms: number
  status: number // 0 when the connection failed
  outcome: string
  code: string | null
  right: boolean // answered with the order that it asked for
}>

async function ride(ask: Ask, orderId: string): Promise<Ride> {
  const begun = performance.now()
  try {
    const answer = await ask('/orders', { body: { orderId, amount: 42 } })
    const { status, outcome, code, ms } = answer
    return { begun, ms, status, outcome, code, right: status === 201 && answer.json['orderId'] === orderId }
  } catch (error) {
    const ms = performance.now() - begun
    return { begun, ms, status: 0, outcome: 'unknown', code: (error as NodeJS.ErrnoException).code ?? '', right: false }
  }
}

/** So many orders by so many clients, each asking again when it has its answer (closed loop). */
export async function closedLoop(ask: Ask, name: string, count: number, clients: number): Promise<readonly Ride[]> {
  const rides: Ride[] = []
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) rides.push(await ride(ask, `${name}-${next++}`))
  }
  await Promise.all(Array.from({ length: clients }, one))
  return rides
}

/** So many orders a second, whatever comes back (open loop), until it is stopped. */
export function openLoop(ask: Ask, name: string, perSecond: number) {
  const rides: Ride[] = []
  const begun = performance.now()
  let sent = 0
  const one = async (orderId: string): Promise<void> => void rides.push(await ride(ask, orderId))
  const timer = setInterval(() => {
    for (const due = ((performance.now() - begun) * perSecond) / 1_000; sent < due; sent++) void one(`${name}-${sent}`)
  }, 2)
  return {
    rides,
    /** Sends nothing more; resolves when everything is answered. */
    stop: async (): Promise<readonly Ride[]> => {
      clearInterval(timer)
      await until('everything is answered', () => rides.length === sent, 60_000)
      return rides
    },
  }
}

/** Of durations in milliseconds; 0 when there are none. */
export function percentile(rides: readonly Ride[], percent: number): number {
  const sorted = rides.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0
}
