import { refuse } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import type { CommandHandler } from '../../src/worker/index.ts'

type Order = Readonly<{ id: string; article: string; amount: number }>

/** The new order service: it answers the same requests as commands from a topic. */
export function orders(known = new Map<string, Order>()): CommandHandler {
  return command => {
    if (command.method === 'GET') {
      const order = known.get(command.params['id'] ?? '')
      if (order === undefined) throw refuse(404, { error: 'There is no such order.' })
      return { body: { ...order, status: 'placed', servedBy: 'orders' } }
    }
    const order = command.json() as Order
    known.set(order.id, order)
    const answer = { ...order, status: 'placed', servedBy: 'orders' }
    return { status: 201, headers: { location: `/orders/${order.id}` }, body: answer }
  }
}
