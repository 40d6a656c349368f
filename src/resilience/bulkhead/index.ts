export { Bulkhead, bulkhead } from './bulkhead.ts'
