export { replay } from './replay.ts'
export type { Claims } from './replay.ts'
