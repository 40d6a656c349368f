/** The gateway as a library: `start(config)` runs it, `load(file)` reads and checks a configuration. */
export { start } from './app.ts'
export type { Gateway, StartOptions } from './app.ts'
export { format, hidden, load, parse, shipped } from '../config/load.ts'
export type { Loaded, LoadOptions, Mistake, Place } from '../config/load.ts'
export type { Config } from '../config/schema/index.ts'
