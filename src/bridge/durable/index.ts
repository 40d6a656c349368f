export { Journal } from './journal.ts'
export type { Publish } from './journal.ts'
export { durable } from './serve.ts'
