import express from 'express'
import type { Express } from 'express'

type Order = Readonly<{ id: string; article: string; amount: number; status: string; servedBy: string }>

/** The old shop: an Express service with its orders in memory. It knows nothing of what is to follow it. */
export function shop(orders = new Map<string, Order>()): Express {
  const app = express().use(express.json())
  app.get('/orders/:id', (req, res) => {
    const order = orders.get(req.params.id)
    if (order === undefined) res.status(404).json({ error: 'There is no such order.' })
    else res.json({ ...order, servedBy: 'shop' })
  })
  app.post('/orders', (req, res) => {
    const { id, article, amount } = req.body as Order
    orders.set(id, { id, article, amount, status: 'placed', servedBy: 'shop' })
    res.status(201).location(`/orders/${id}`).json(orders.get(id))
  })
  return app
}

if (import.meta.main) shop().listen(3000, '127.0.0.1')
