import { Config } from '../../config/schema/index.ts'
import { Problem } from '../../src/problem.ts'
import { openMetrics } from '../../src/telemetry/metrics.ts'

export const config = Config.parse({
  workers: { orders: { topic: 'orders.commands', bulkhead: { slots: 7 } }, stock: { topic: 'stock.commands' } },
  upstreams: { shop: { urls: ['http://127.0.0.1:1'] } },
  calls: { shop: { topic: 'shop.commands', upstream: 'shop' } },
  routes: {
    'place-order': { match: 'POST /orders', command: { to: 'orders' } },
    find: { match: 'GET /find', query: { to: 'orders' }, retryOn: [503] },
    signal: { match: 'POST /signals', event: { topic: 'signals' } },
    feed: { match: 'GET /feed', stream: { topics: ['signals'] } },
    moving: { match: 'GET /moving', query: { to: 'orders' }, upstream: { to: 'shop' }, strangler: {} },
    mended: { match: 'GET /mended', query: { to: 'orders' }, fallback: [{ fixed: {} }] },
  },
})
export const problem = new Problem('broker-unavailable', 'x')

/** The samples that are not zero once `happen` has run, by a part of their names. */
export async function counted(part: string, happen: () => void, lost = 0): Promise<string[]> {
  using metrics = openMetrics(config, () => lost)
  happen()
  return (await metrics.text())
    .split('\n')
    .filter(line => line.startsWith(part) && !line.endsWith(' 0') && !line.includes('_bucket'))
}
