// Buys a ticket: node phone.ts SEAT. Cut its network, kill it, start it again: it goes on.
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { buy } from './client.ts'
import type { Purchase } from './client.ts'

const file = 'purchase.json'
const begun: Purchase = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as Purchase)
  : { key: randomUUID(), body: { seat: process.argv[2] ?? 'A1' }, operation: null, lastEvent: '' }
const outcome = await buy(
  {
    url: process.env['SLUICE'] ?? 'http://localhost:8080',
    apiKey: 'demo-key-of-a-phone',
    save: purchase => writeFileSync(file, JSON.stringify(purchase)),
    heard: (event, data) => console.log(event, JSON.stringify(data)),
  },
  begun,
)
rmSync(file)
console.log(outcome.status, JSON.stringify(outcome.body))
