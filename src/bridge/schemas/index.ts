export type { Codec } from './codec.ts'
export { codecOfFile } from './file.ts'
export { decoding, fitting } from './fitting.ts'
