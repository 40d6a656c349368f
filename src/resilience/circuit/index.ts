export { breaker } from './breaker.ts'
export { Circuit } from './circuit.ts'
export { StateFile } from './statefile.ts'
