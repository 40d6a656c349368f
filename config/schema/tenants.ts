import { z } from 'zod'
import { count, name, percent, text, topicName, headerName, Mode } from './value.ts'
import { Quota } from './quota.ts'

const host = text(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'a host name in lower case without a port')
const prefix = text(/^[\x21-\x7e]{1,128}$/, 'printable characters without spaces, at most 128')

const Limits = z.strictObject({
  quota: Quota.optional().describe('What its clients may send together, over all routes. Off unless given.'),
  inFlight: count(1, 1_000_000).optional().describe('Calls of it that may run at once; the next is refused.'),
  keyPrefix: prefix
    .optional()
    .describe(
      'Stands before the keys of its records: two tenants that use one key never share it. `{tenant}` is its name.',
    ),
})

export const Tenant = Limits.extend({
  hosts: z.array(host).max(64).default([]).describe('Host names by which it is known, for `from: host`.'),
  share: percent()
    .default(0)
    .describe('Share of the slots of every worker that it is sure to get; what it does not use is lent to others.'),
  workers: z
    .record(name, name.describe('The worker that serves it in its place.'))
    .default({})
    .describe('Workers of its own: topic, circuit, slots and group are theirs alone.'),
  topics: z
    .record(topicName, topicName.describe('The topic to which its events go in its place.'))
    .default({})
    .describe('Topics of its own, for events.'),
})

export const Tenants = z.strictObject({
  mode: Mode.describe('Of `quota` and `inFlight` of all tenants.'),
  from: text(/^(host|claim\.[\x21\x23-\x5b\x5d-\x7e]{1,256})$/, 'host, or claim.<name>').describe(
    'What says which tenant a request is of: a claim of its client, or the host name.',
  ),
  header: headerName.optional().describe('Header in which the worker is told the tenant.'),
  of: z.record(name, Tenant.describe('A tenant.')).default({}).describe('The tenants, by name.'),
  others: Limits.optional().describe(
    'What holds for each tenant that is not listed. Without it whoever is of none of `of` is refused with 403.',
  ),
})
