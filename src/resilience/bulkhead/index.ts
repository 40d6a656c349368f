export { Bulkhead, bulkhead } from './bulkhead.ts'
export { shareOfTenant } from './shares.ts'
