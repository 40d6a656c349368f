export { Faults, faults, publishFaults } from './faults.ts'
