import type { Broker } from '../bridge/broker.ts'
import type { Dialect } from '../bridge/wire.ts'
import { problem, refuse } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Command } from './command.ts'
import { serve } from './serve.ts'
import type { Serving } from './serve.ts'

export type DemoOptions = Readonly<{ topic: string; dialect?: Dialect; group?: string; from?: 'earliest' | 'end' }>

type Order = Readonly<{ orderId: string; amount: number }>

const mostOrders = 10_000

/** An order service to try the gateway with: `POST /orders` and `GET /orders/:orderId`. It forgets the oldest orders, and all when it ends. */
export function demo(
  broker: Broker,
  { topic, dialect = 'sluice', group = 'demo', from = 'earliest' }: DemoOptions,
): Promise<Serving> {
  const orders = new Map<string, Order>()
  return serve({ broker, topic, group, dialect, from }, command => {
    if (command.method === 'POST') return place(orders, command)
    if (command.method === 'GET') return show(orders, command.params['orderId'] ?? '')
    throw refuse(405, 'Orders are placed with POST and shown with GET.', { allow: 'GET, POST' })
  })
}

function place(orders: Map<string, Order>, command: Command): Answer {
  const order = orderOf(command.json())
  orders.delete(order.orderId) // placed again it is the newest
  orders.set(order.orderId, order)
  const [oldest] = orders.keys()
  if (orders.size > mostOrders && oldest !== undefined) orders.delete(oldest)
  return { status: 201, headers: { location: `/orders/${encodeURIComponent(order.orderId)}` }, body: order }
}

function show(orders: ReadonlyMap<string, Order>, orderId: string): Answer {
  const order = orders.get(orderId)
  return order === undefined ? problem(404, 'There is no such order.', { orderId }) : { body: order }
}

function orderOf(body: unknown): Order {
  if (typeof body !== 'object' || body === null) throw refuse(422, 'An order is an object.')
  const { orderId, amount }: { orderId?: unknown; amount?: unknown } = body
  if (typeof orderId !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(orderId))
    throw refuse(422, 'orderId: 1 to 128 printable characters.')
  if (typeof amount !== 'number' || !(amount >= 0)) throw refuse(422, 'amount: a number, and not negative.')
  return { orderId, amount }
}
