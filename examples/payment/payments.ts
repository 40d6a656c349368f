import { refuse } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import type { CommandHandler } from '../../src/worker/index.ts'

/**
 * Books payments. What may come twice, when a worker dies between booking and answering, is known by the identity of its command: a
 * database would have it as a unique key beside the booking.
 */
export function bookings(): Readonly<{ pay: CommandHandler; balances: ReadonlyMap<string, number> }> {
  const balances = new Map<string, number>()
  const booked = new Map<string, number>()
  const pay: CommandHandler = command => {
    const { account, amount } = command.json() as { account?: unknown; amount?: unknown }
    if (typeof account !== 'string' || typeof amount !== 'number' || !(amount > 0))
      throw refuse(422, 'account: text, amount: a number above 0.')
    const id = command.id ?? ''
    if (!booked.has(id)) {
      balances.set(account, (balances.get(account) ?? 0) + amount)
      booked.set(id, booked.size + 1)
    }
    return { status: 201, body: { payment: booked.get(id), account, amount } }
  }
  return { pay, balances }
}
