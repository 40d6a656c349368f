export { Strangler } from './strangler.ts'
export type { Sides } from './strangler.ts'
