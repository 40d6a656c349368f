export { caller } from './caller.ts'
export { recovering } from './recovery.ts'
