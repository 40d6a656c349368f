export { caller } from './caller.ts'
export { InFlight } from './inflight.ts'
export type { OutboundCall } from './inflight.ts'
export { recovering } from './recovery.ts'
