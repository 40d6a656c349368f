// Whoever asked for a report is called back here. `node examples/callback/receiver.ts`
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

type Told = Readonly<{ type: string; data: Readonly<{ id: string; reply?: unknown }> }>

/** A server that verifies what it gets, and passes over what it has had already: an id is one message. */
export function receiver(secret: string, tell: (told: Told) => void): Server {
  const webhook = new Webhook(secret)
  const seen = new Set<string>() // in earnest: a unique key of a database
  return createServer((req, res) => {
    void text(req).then(body => {
      try {
        const told = webhook.verify(body, req.headers as Record<string, string>) as Told
        if (!seen.has(told.data.id)) tell(told)
        seen.add(told.data.id)
        res.writeHead(204).end()
      } catch {
        res.writeHead(401).end()
      }
    })
  })
}

if (import.meta.main) {
  const secret = process.env['CALLBACK_SECRET'] ?? 'whsec_YSBzZWNyZXQgb2YgYXQgbGVhc3QgMjQgYnl0ZXM='
  receiver(secret, told => console.log(JSON.stringify(told, null, 2))).listen(9_999, '127.0.0.1')
}
