export { caller } from './caller.ts'
