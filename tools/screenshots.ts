// Takes the pictures of the console from a running gateway: npm run screenshots. Wants Chromium (CHROMIUM says where).
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { Config } from '../config/schema/index.ts'
import { start } from '../src/app.ts'
import { MemoryBroker } from '../src/bridge/memory.ts'
import { demo } from '../src/worker/demo.ts'

const docs = join(import.meta.dirname, '../docs')
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const config = Config.parse({
  server: { host: '127.0.0.1', port: 0 },
  admin: { port: 0, token: 'the-token-of-the-pictures' },
  instance: { id: 'sluice-1' },
  log: { level: 'silent' },
  faults: { mode: 'enforce' },
  workers: {
    orders: { topic: 'orders.commands', bulkhead: { slots: 64, queue: 32 } },
    reports: { topic: 'reports.commands', breaker: { openMs: 30_000 } },
  },
  routes: {
    'place-order': {
      match: 'POST /orders',
      command: { to: 'orders', key: 'body.orderId' },
      timeoutMs: 5_000,
      quota: { requests: 100_000, windowMs: 10_000 },
    },
    'read-order': { match: 'GET /orders/:orderId', query: { to: 'orders', key: 'path.orderId' }, timeoutMs: 2_000 },
    report: { match: 'GET /reports/:id', query: { to: 'reports' }, timeoutMs: 1_000, commandTtlMs: 600_000 },
    signal: { match: 'POST /signals', event: { topic: 'signals' }, delivery: 'volatile' },
  },
})

await using broker = new MemoryBroker()
await using gateway = await start(config, { broker })
await gateway.ready
await using _orders = await demo(broker, { topic: 'orders.commands' })
const load = new AbortController()
const ask = (path: string, body?: object): Promise<unknown> =>
  fetch(`${gateway.url}${path}`, {
    signal: load.signal,
    ...(body !== undefined && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  }).then(
    response => response.arrayBuffer(),
    () => null,
  )

async function client(n: number): Promise<void> {
  for (let i = 0; !load.signal.aborted; i++) {
    await ask('/orders', { orderId: `o-${n}-${i}`, amount: i })
    await ask(`/orders/${i % 40 === 0 ? 'gone' : `o-${n}-${i}`}`)
    if (i % 50 === 0) void ask(`/reports/${n}`)
    await sleep(30 + 20 * Math.sin(i / 40))
  }
}
const clients = Array.from({ length: 8 }, (_, n) => client(n))

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
for (const colorScheme of ['light', 'dark'] as const) {
  const page = await browser.newPage({ viewport: { width: 1100, height: 820 }, colorScheme })
  await page.goto(`${gateway.adminUrl}/console`)
  await sleep(colorScheme === 'light' ? 40_000 : 3_000)
  await page.screenshot({ path: join(docs, colorScheme === 'light' ? 'console.png' : 'console-dark.png') })
}
const phone = await browser.newPage({ viewport: { width: 390, height: 780 } })
await phone.goto(`${gateway.adminUrl}/console#workers`)
await sleep(2_000)
await phone.screenshot({ path: join(docs, 'console-phone.png') })
await browser.close()
load.abort()
await Promise.all(clients)
await gateway.stop({ delayMs: 0 })
