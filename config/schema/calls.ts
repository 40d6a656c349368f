import { z } from 'zod'
import { Custom } from './worker.ts'
import { count, groupName, headerName, hour, meaningfulHeaders, ms, name, text, topicName } from './value.ts'

export const Calls = z
  .strictObject({
    topic: topicName.describe('Topic of the commands.'),
    upstream: name.describe('Who is called, one of `upstreams`.'),
    group: groupName.optional().describe('Consumer group. Default: `sluice.calls.` and the name of the section.'),
    dialect: z
      .enum(['sluice', 'spring', 'nestjs', 'smallrye', 'zilla', 'faststream', 'custom'])
      .default('sluice')
      .describe('Names and encodings of the record headers, of commands and replies: docs/dialects.md.'),
    custom: Custom.optional().describe('Names of record headers, for `dialect: custom`.'),
    from: z.enum(['earliest', 'end']).default('earliest').describe('Where a group without commits begins.'),
    mirrored: z
      .boolean()
      .default(false)
      .describe(
        'Whether the topic is a copy from another cluster, whose offsets prove nothing of clocks: docs/mirroring.md.',
      ),
    method: z
      .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
      .default('POST')
      .describe('Method of commands that name none in `http-method`.'),
    path: text(/^\/[\x21-\x7e]{0,1024}$/, 'a path, such as /orders')
      .default('/')
      .describe('Path of commands that name none in `http-path`.'),
    concurrency: count(1, 10_000)
      .default(64)
      .describe(
        'Calls under way at once, fewer where the upstream refuses some. Those of one key wait for each other.',
      ),
    ahead: count(1, 10_000)
      .default(256)
      .describe('Most records of one partition that are taken and not finished; then it is paused.'),
    timeoutMs: ms(10, hour).default(10_000).describe('Longest that one call may take; never beyond `sluice-expires`.'),
    attempts: count(1, 100)
      .default(3)
      .describe('Calls of one command that may reach the upstream. What certainly did not reach it is not counted.'),
    baseMs: ms(1, 60_000)
      .default(100)
      .describe(
        'Backoff: the wait before call n+1 is uniform between 0 and min(capMs, baseMs · 2ⁿ), or what `Retry-After` says.',
      ),
    capMs: ms(1, hour).default(5_000).describe('Longest wait between two calls.'),
    retryOn: z
      .array(count(400, 599))
      .max(16)
      .default([429, 502, 503, 504])
      .describe('Statuses that are no reply yet, but tried again; any other is the reply.'),
    repeatable: z
      .boolean()
      .default(false)
      .describe(
        'Whether a POST or PATCH that may have been served may be called again. GET, HEAD, PUT and DELETE always may (RFC 9110).',
      ),
    replyHeaders: z
      .array(headerName)
      .max(64)
      .default(['content-type', ...meaningfulHeaders])
      .describe('Headers of the answer that become headers of the reply.'),
    dead: topicName.optional().describe('Topic of what is given up. Default: `topic` and `.dead`.'),
    partitions: count(1, 10_000).default(12).describe('Partitions of the topic, when the gateway creates it.'),
  })
  .describe('One topic of commands, and who is called with them.')
