import type { Pair } from '../call.ts'
import type { Incoming } from '../bridge/broker.ts'
import type { Origin } from '../bridge/wire/index.ts'
import { refuse } from './answer.ts'

/** What the gateway was asked to do: the HTTP request as the record carries it. */
export class Command {
  /** Identifies the command. It is the same on every sending, so that duplicates can be recognised. */
  readonly id: string | null
  /** 1 on the first sending. */
  readonly attempt: number
  /** What the client has seen and wants the answer to show, for `Projection.reach`; null when it does not say. */
  readonly position: string | null
  readonly method: string
  /** Name of the route in the gateway's configuration. */
  readonly route: string
  /** The route's path with the names of its parameters, such as `/orders/:orderId`. */
  readonly template: string
  /** Raw, without the query. */
  readonly path: string
  /** Raw, without the question mark. */
  readonly query: string
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Those of the request's headers that the route passes on, lower case. */
  readonly headers: readonly Pair[]
  readonly contentType: string | null
  /** Of the body, which is still coded so; null when it is plain. */
  readonly contentEncoding: string | null
  /** W3C trace context (traceparent, tracestate, baggage), for the handler to pass on to what it calls. */
  readonly trace: readonly Pair[]
  readonly key: Uint8Array | null
  readonly body: Uint8Array
  /** Where the record is. */
  readonly place: Readonly<{ topic: string; partition: number; offset: bigint }>

  constructor({ commandId, attempt, position, told }: Origin, { topic, partition, offset, key, value }: Incoming) {
    this.id = commandId
    this.attempt = attempt
    this.position = position
    this.method = told.method
    this.route = told.route
    this.template = told.template
    this.path = told.path
    this.query = told.query
    // no prototype, so that a parameter named __proto__ is an ordinary one
    this.params = Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(told.params))
    this.headers = told.headers
    this.contentType = told.contentType
    this.contentEncoding = told.contentEncoding ?? null
    this.trace = told.trace
    this.key = key
    this.body = value ?? new Uint8Array()
    this.place = { topic, partition, offset }
  }

  /** The first header of that name; null when there is none. */
  header(name: string): string | null {
    const lower = name.toLowerCase()
    return this.headers.find(([header]) => header === lower)?.[1] ?? null
  }

  /** The body as UTF-8. */
  text(): string {
    return Buffer.from(this.body.buffer, this.body.byteOffset, this.body.length).toString()
  }

  /** The body as JSON. Throws a refusal (400) when it is not JSON. */
  json(): unknown {
    try {
      return JSON.parse(this.text())
    } catch {
      throw refuse(400, 'The body is not JSON.')
    }
  }
}
