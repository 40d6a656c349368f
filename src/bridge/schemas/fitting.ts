import type { Call, Encoded, Reply } from '../../call.ts'
import type { ModeName } from '../../../config/schema/index.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Decode } from '../wire/index.ts'
import { Violations } from './codec.ts'
import type { Codec } from './codec.ts'

/** Puts to a value what says of which schema it is. */
type Frame = (value: Uint8Array) => Pick<Encoded, 'value' | 'headers'>

/** Makes the function that brings a call into the form of its topic. It throws schema-violation and invalid-request. */
export function fitting({ format, contentType, write }: Codec, frame: Frame | null = null): (call: Call) => Call {
  return function fit(call) {
    if (call.body.length === 0) throw violated(new Violations([{ pointer: '', message: 'is empty' }]))
    try {
      const value = write(call.body)
      if (frame !== null) return { ...call, encoded: { contentType, ...frame(value) } }
      return format === 'json' ? call : { ...call, encoded: { value, contentType, headers: [] } }
    } catch (error) {
      throw error instanceof Violations ? violated(error) : error
    }
  }
}

const violated = ({ list, message }: Violations): Problem =>
  new Problem('schema-violation', `The body does not match: ${message}.`, { errors: list })

const isChecked = ({ status }: Reply): boolean => status >= 200 && status < 300 && status !== 204 && status !== 205

/** Makes the function that brings replies into the form of clients. With `observe` those that do not fit pass as they are. */
export function decoding(
  { format, read }: Pick<Codec, 'format' | 'read'>,
  route: string,
  mode: ModeName,
  always = false, // also where the status says that it is no success: its form is known
): Decode {
  return function decode(_record, reply, worker) {
    if (!always && !isChecked(reply)) return reply
    try {
      const body = read(reply.body)
      return format === 'json' ? reply : { ...reply, body, headers: asJson(reply.headers) }
    } catch (error) {
      const problem = new Problem(
        'bad-reply',
        `${worker} answered with what its schema does not allow: ${(error as Error).message}`,
        { policy: 'schema' },
      )
      const observed = mode !== 'enforce'
      if (events.refused.hasSubscribers) events.refused.publish({ policy: 'schema', route, worker, problem, observed })
      if (observed) return reply
      throw problem
    }
  }
}

const asJson = (headers: Reply['headers']): Reply['headers'] => [
  ['content-type', 'application/json'],
  ...headers.filter(([name]) => name !== 'content-type'),
]
