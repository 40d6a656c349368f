import { Config } from '../../config/schema/index.ts'
import type { BulkheadOptions } from '../../config/schema/index.ts'

/** The options of a bulkhead: as shipped, but with a fixed limit and what a test says. */
export function slotsOf(over: Partial<BulkheadOptions> = {}): BulkheadOptions {
  const bulkhead = { limit: 'fixed', ...over }
  const { workers } = Config.parse({ workers: { orders: { topic: 'orders.commands', bulkhead } }, routes: {} })
  return workers['orders']!.bulkhead
}
