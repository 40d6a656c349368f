import { outcomes, problems } from '../../problem.ts'

/** A part of a document. */
export type Json = Readonly<Record<string, unknown>>

const text = { type: 'string' } as const
export const problemType = 'application/problem+json'
export const to = (part: string): Json => ({ $ref: `#/components/${part}` })

/** What any answer may carry, by the names of `components.headers`. */
export const headers: Readonly<Record<string, Json>> = {
  'Sluice-Outcome': {
    description: 'What is known of the command: `not-sent`, repeating is safe; `in-doubt`; or `sent`.',
    schema: { type: 'string', enum: outcomes },
  },
  'Sluice-Call-Id': { description: 'Name of the request in logs and problems.', schema: { ...text, format: 'uuid' } },
  'Server-Timing': { description: 'Where the time went, in milliseconds.', schema: text },
  'Retry-After': { description: 'Seconds until it is worth trying again.', schema: { type: 'integer', minimum: 1 } },
  RateLimit: { description: 'What is left of the quotas of this client.', schema: text },
  'RateLimit-Policy': { description: 'The quotas of the route.', schema: text },
  'Preference-Applied': { description: 'Which preferences of the request were honoured (RFC 7240).', schema: text },
  'Idempotency-Replayed': { description: '`true` when an earlier answer is given again.', schema: text },
  ETag: { description: 'Version of what is answered.', schema: text },
  'Sluice-Partial': { description: 'How many replies of how many have come, when not all have.', schema: text },
  'Sluice-Operation': {
    description: 'State of the operation.',
    schema: { type: 'string', enum: ['pending', 'completed', 'failed', 'cancelled', 'expired'] },
  },
  Location: { description: 'Where the operation is looked at.', schema: { ...text, format: 'uri-reference' } },
  'Last-Modified': { description: 'When the value was written.', schema: text },
  Allow: { description: 'The methods that the path is served with.', schema: text },
}

export const schemas: Readonly<Record<string, Json>> = {
  Problem: {
    description: 'A request that got no reply (RFC 9457).',
    type: 'object',
    required: ['type', 'title', 'status', 'code', 'outcome'],
    properties: {
      type: { ...text, format: 'uri' },
      title: text,
      status: { type: 'integer' },
      detail: text,
      instance: { ...text, format: 'uri' },
      code: { ...text, enum: Object.keys(problems) },
      outcome: { ...text, enum: outcomes },
      policy: { ...text, description: 'The policy that refused.' },
      retryAfterMs: { type: 'number', minimum: 0 },
      errors: {
        description: 'What is wrong with the body, and where: JSON pointers (RFC 6901).',
        type: 'array',
        items: { type: 'object', required: ['pointer', 'message'], properties: { pointer: text, message: text } },
      },
    },
  },
  Accepted: {
    description: 'The event is accepted.',
    type: 'object',
    required: ['id'],
    properties: {
      id: { ...text, description: 'Its id: `ce_id` of the record.' },
      spooled: { type: 'boolean', description: 'It waits on disk, and is forwarded.' },
      topic: text,
      partition: { type: 'integer' },
      offset: text,
    },
  },
  Batch: {
    description: 'What became of the events of a request, in their order.',
    type: 'object',
    required: ['accepted', 'refused', 'events'],
    properties: {
      accepted: { type: 'integer' },
      refused: { type: 'integer' },
      events: { type: 'array', items: { anyOf: [to('schemas/Accepted'), to('schemas/Problem')] } },
    },
  },
  Operation: {
    description: 'A command whose reply is kept, and how far it is.',
    type: 'object',
    required: ['id'],
    properties: { id: text },
  },
}

/** Of an answer that carries what every answer does, and these. */
export const headersOf = (...more: readonly string[]): Json =>
  Object.fromEntries(
    ['Sluice-Outcome', 'Sluice-Call-Id', 'Server-Timing', ...more].map(name => [name, to(`headers/${name}`)]),
  )

export const failure = (description: string): Json => ({
  description,
  headers: headersOf('Retry-After'),
  content: { [problemType]: { schema: to('schemas/Problem') } },
})
