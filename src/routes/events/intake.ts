import type { Call, CommandId, Priority } from '../../call.ts'
import { Problem } from '../../problem.ts'
import type { Exchange } from '../exchange.ts'
import { mediaType } from '../intake.ts'
import type { Intake } from '../intake.ts'
import type { Params } from '../key.ts'
import { binaryEvent, isBinary, structuredEvent } from './cloudevent.ts'
import type { CloudEvent } from './cloudevent.ts'

export const ofEvents = 'application/cloudevents'

/** The same for a route whose clients may bring CloudEvents, one with each request. */
export function eventIntake(taken: Intake): Intake {
  const enter = ofCloudEvent(taken)
  return {
    ...taken,
    enter(exchange, params, body, priority) {
      const event = broughtBy(exchange, body)
      return event === null ? taken.enter(exchange, params, body, priority) : enter(exchange, params, event, priority)
    },
  }
}

/** The CloudEvent of a request, in either mode; null: it brings none. Throws a Problem. */
function broughtBy({ req: { headers } }: Exchange, body: Buffer): CloudEvent | null {
  const type = mediaType(headers['content-type'] ?? '')
  if (type === `${ofEvents}+json`) return structuredEvent(body)
  if (type.startsWith(ofEvents))
    throw new Problem('unsupported-type', `The route takes CloudEvents as ${ofEvents}+json, or with headers ce-*.`)
  return isBinary(headers) ? binaryEvent(headers, body) : null
}

/** Makes calls of CloudEvents: they have the ids and the attributes that their clients gave them. */
export const ofCloudEvent =
  ({ enter, keyed }: Pick<Intake, 'enter' | 'keyed'>) =>
  (exchange: Exchange, params: Params, event: CloudEvent, priority: Priority): Call => {
    const { attributes, data, contentType } = event
    const entered = enter(exchange, params, data, priority)
    const named = new Map(attributes)
    const own = entered.key === null ? (named.get('partitionkey') ?? '') : ''
    const call = own === '' ? entered : keyed(entered, Buffer.from(own))
    return {
      ...call,
      command: (named.get('id') ?? call.command) as CommandId,
      body: data,
      told: { ...call.told, contentType, event: attributes },
    }
  }
