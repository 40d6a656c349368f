import { createRequire } from 'node:module'
import type { prettyFactory } from 'pino-pretty'
import type { Destination } from './sink.ts'

/** Lines for people, on a terminal. Loaded only there: a service in a container never reads it. */
export function pretty(destination: Destination): Destination {
  const { prettyFactory: factory } = createRequire(import.meta.url)('pino-pretty') as {
    prettyFactory: typeof prettyFactory
  }
  const prettify = factory({ translateTime: 'SYS:HH:MM:ss.l', ignore: 'instance', singleLine: true })
  return { write: line => destination.write(prettify(line)) }
}
