export { Lanes, laneOf } from './lanes.ts'
export { Part, Parts } from './part.ts'
export { Prefix } from './prefix.ts'
export type { Ticket } from './prefix.ts'
