export { partition } from './partition.ts'
export { StuckPartitions } from './stuck.ts'
