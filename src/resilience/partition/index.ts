export { partition } from './partition.ts'
export { StuckPartitions } from './stuck.ts'
export type { Blame } from './stuck.ts'
