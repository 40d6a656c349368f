// Two functions that events are pushed to. `node examples/webhook/functions.ts`
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

type Order = Readonly<{ orderId: string; size: string }>
export type Functions = Readonly<{
  large: (order: Order, id: string) => void
  log: (ids: readonly string[]) => void
}>

/** Serves the functions: `large` for one order that is signed, `log` for many events. */
export function functions(key: string, { large, log }: Functions): Server {
  const webhook = new Webhook(key)
  const served = new Set<string>() // in earnest: a unique key of a database
  return createServer((req, res) => {
    void text(req).then(body => {
      if (req.url === '/log') {
        log((JSON.parse(body) as readonly Readonly<{ id: string }>[]).map(({ id }) => id))
        return res.writeHead(204).end()
      }
      try {
        const order = webhook.verify(body, req.headers as Record<string, string>) as Order
        const id = String(req.headers['ce-id'])
        if (!served.has(id)) large(order, id)
        served.add(id)
        return res.writeHead(204).end()
      } catch {
        return res.writeHead(401).end()
      }
    })
  })
}

if (import.meta.main) {
  const key = process.env['WEBHOOK_KEY'] ?? 'whsec_YSBzZWNyZXQgb2YgYXQgbGVhc3QgMjQgYnl0ZXM='
  functions(key, {
    large: ({ orderId }, id) => console.log(`a large order: ${orderId} (event ${id})`),
    log: ids => console.log(`logged ${ids.length}: ${ids.join(', ')}`),
  }).listen(9_999, '127.0.0.1')
}
