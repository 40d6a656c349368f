import { createServer } from 'node:http'
import type { Server } from 'node:http'

/** A REST service that knows no Kafka: it keeps the stock of each article, and books what is taken from it. */
export function stock(): Server {
  const levels = new Map<string, number>()
  const booked = new Map<string, number>() // by Idempotency-Key: what came twice is booked once
  return createServer((req, res) => {
    const answer = (status: number, body: unknown): void =>
      void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const [, kind, sku = '', action] = (req.url ?? '').split('/')
    const level = levels.get(sku) ?? 10
    if (kind === 'healthz') return answer(200, {})
    if (kind !== 'stock') return answer(404, { error: 'There is no such thing.' })
    if (req.method === 'GET') return answer(200, { sku, level })
    if (action !== 'bookings') return answer(405, { error: 'Only bookings can be posted.' })
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const { amount = 1 } = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { amount?: number }
      const key = String(req.headers['idempotency-key'] ?? '')
      const before = booked.get(key)
      if (before !== undefined) return answer(201, { sku, level: before })
      if (amount > level) return answer(409, { error: `Only ${level} are left.` })
      levels.set(sku, level - amount)
      if (key !== '') booked.set(key, level - amount)
      answer(201, { sku, level: level - amount })
    })
  })
}

if (import.meta.main) stock().listen(3000, '127.0.0.1')
