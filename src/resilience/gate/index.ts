export { gate } from './gate.ts'
export type { Check } from './gate.ts'
export { noWorker, workerBehind } from './watched.ts'
