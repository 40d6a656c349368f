export { fallback, stateOf } from './fallback.ts'
export type { Step } from './fallback.ts'
export { stepsOf } from './steps.ts'
export type { Upstreams } from './steps.ts'
