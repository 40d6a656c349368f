export { operationRoutes } from './operations.ts'
export type { OperationRoutes } from './operations.ts'
