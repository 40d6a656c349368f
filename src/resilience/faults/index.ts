export type { FaultsState } from './faults.ts'
export { Faults, faults, publishFaults } from './faults.ts'
