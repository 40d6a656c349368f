export { breaker } from './breaker.ts'
export { Circuit } from './circuit.ts'
export type { CircuitSnapshot } from './circuit.ts'
export { StateFile } from './statefile.ts'
