export { changes, completed } from './change.ts'
export type { Change, Columns } from './change.ts'
