export { Overload, readingsOf } from './overload.ts'
