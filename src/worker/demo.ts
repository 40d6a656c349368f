import type { Broker } from '../bridge/broker.ts'
import type { Dialect } from '../bridge/wire/index.ts'
import { problem, refuse } from './answer.ts'
import type { Answer } from './answer.ts'
import type { Command } from './command.ts'
import type { Serving } from './options.ts'
import { serve } from './serve.ts'

export type DemoOptions = Readonly<{ topic: string; dialect?: Dialect; group?: string; from?: 'earliest' | 'end' }>

type Order = Readonly<{ orderId: string; amount: number }>

const generation = 5_000

/** The latest orders: at least one generation of them, at most two. */
class Orders {
  #recent = new Map<string, Order>()
  #older = new Map<string, Order>()

  get(orderId: string): Order | undefined {
    return this.#recent.get(orderId) ?? this.#older.get(orderId)
  }

  set(order: Order): void {
    if (this.#recent.size >= generation) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(order.orderId, order)
  }
}

/** An order service to try the gateway with: `POST /orders` and `GET /orders/:orderId`. It forgets the oldest orders, and all when it ends. */
export function demo(
  broker: Broker,
  { topic, dialect = 'sluice', group = 'demo', from = 'earliest' }: DemoOptions,
): Promise<Serving> {
  const orders = new Orders()
  return serve({ broker, topic, group, dialect, from, duplicates: { count: 2_000 } }, command => {
    if (command.method === 'POST') return place(orders, command)
    if (command.method === 'GET') return show(orders, command.params['orderId'] ?? '')
    throw refuse(405, 'Orders are placed with POST and shown with GET.', { allow: 'GET, POST' })
  })
}

function place(orders: Orders, command: Command): Answer {
  const order = orderOf(command.json())
  orders.set(order)
  return { status: 201, headers: { location: `/orders/${encodeURIComponent(order.orderId)}` }, body: order }
}

function show(orders: Orders, orderId: string): Answer {
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
