// What the orders worker does: it knows its own cluster only.
import { refuse } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import type { Answer, Command } from '../../src/worker/index.ts'
import type { Broker } from '../../src/bridge/broker.ts'

/** Answers orders, and tells what has happened to them in `orders.events` and `orders.state`. */
export function ordersOn(broker: Pick<Broker, 'partitionFor' | 'publish'>) {
  const tell = async (topic: string, id: string, what: unknown, signal: AbortSignal): Promise<void> => {
    const key = Buffer.from(id)
    const headers = [['content-type', Buffer.from('application/json')]] as const
    const partition = broker.partitionFor(topic, key)
    const value = Buffer.from(JSON.stringify(what))
    await broker.publish({ topic, partition, key, value, headers, acks: 'all', signal })
  }
  return async (command: Command, { signal }: Readonly<{ signal: AbortSignal }>): Promise<Answer> => {
    if (command.route === 'price') return { body: { orderId: command.params['orderId'], price: 42 } }
    const { orderId } = command.json() as { orderId?: unknown }
    if (typeof orderId !== 'string') throw refuse(422, 'orderId: a text.')
    await tell('orders.state', orderId, { orderId, state: 'placed' }, signal)
    await tell('orders.events', orderId, { type: 'placed', orderId }, signal)
    return { status: 201, headers: { location: `/orders/${orderId}` }, body: { orderId, state: 'placed' } }
  }
}
