export { correlationOfStep } from './command.ts'
export { Processes } from './processes.ts'
export type { Parked } from './processes.ts'
export { starting } from './start.ts'
