// npm run bench:cdc: PostgreSQL, Kafka Connect with Debezium, Kafka and the gateway, all real. How long a change of a row takes to a client
// of server-sent events and to the view, at 50 rows a second; then 1,000 orders whose answers come from an outbox table, at 50 a second,
// with Connect restarted in the middle. SECONDS and ORDERS make it shorter.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCapture } from '../tools/connect/capture.ts'
import { changes } from './cdcchanges.ts'
import { orders } from './cdcorders.ts'
import { freePort, pass, Running } from './process.ts'

process.removeAllListeners('warning') // kafkajs sets negative timeouts, and Node 24 says so
const [port, adminPort] = [await freePort(), await freePort()]
const [url, adminUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${adminPort}`]
const table = { topic: 'shop.public.orders', format: 'debezium', columns: { total: 'Decimal(2)' } }
const { topic, ...capture } = table
const configOf = (brokers: string): object => ({
  server: { host: '127.0.0.1', port },
  admin: { port: adminPort },
  broker: { brokers },
  log: { level: 'silent' },
  overload: { mode: 'off' },
  // while Connect restarts, all who have ordered wait: what would refuse the next ones is off
  workers: { orders: { topic: 'orders.commands', bulkhead: { mode: 'off' }, breaker: { mode: 'off' } } },
  routes: {
    changes: { match: 'GET /orders/changes', stream: { topics: [topic], ...capture } },
    one: { match: 'GET /orders/:id', view: { ...table, key: 'path.id' }, timeoutMs: 10_000 },
    place: {
      match: 'POST /orders',
      command: { to: 'orders', key: 'body.orderId' },
      timeoutMs: 120_000,
      replies: { topic: 'outbox.event.order', format: 'outbox', outcomes: { OrderPlaced: 201, OrderRejected: 409 } },
    },
  },
})

await using capturing = await startCapture({ progress: text => console.log(text) })
const { postgres, brokers } = capturing
await postgres.sql(`create table orders (id bigint primary key, total numeric(10,2) not null, state text not null);
  create table outbox (id uuid primary key, aggregatetype text not null, aggregateid text not null, type text not null, payload jsonb)`)
const file = join(mkdtempSync(join(tmpdir(), 'bench-')), 'gateway.yaml')
writeFileSync(file, JSON.stringify(configOf(brokers))) // which is YAML too
const gateway = new Running('sluice', ['src/main.ts', 'start', file])
try {
  while (!(await fetch(`${adminUrl}/readyz`).catch(() => null))?.ok) {
    gateway.expectAlive()
    await pass(100)
  }
  await capturing.capture('shop', ['public.orders'])
  await capturing.capture('outbox', ['public.outbox'], {
    transforms: 'outbox',
    'transforms.outbox.type': 'io.debezium.transforms.outbox.EventRouter',
    'transforms.outbox.table.fields.additional.placement': 'type:header:eventType',
  })
  const isQuick = await changes(postgres, url, Number(process.env['SECONDS'] ?? 60))
  const isWhole = await orders(capturing, { url, adminUrl }, Number(process.env['ORDERS'] ?? 1_000))
  if (!isQuick || !isWhole) process.exitCode = 1
} finally {
  await gateway.stop()
}
