import { z } from 'zod'
import { Cors } from './cors.ts'
import { DomainReplies } from './domain.ts'
import { Fallback } from './fallback.ts'
import { claimHeaders, claimName, claimValue, scope } from './identity.ts'
import { Gather } from './gather.ts'
import { Quota } from './quota.ts'
import { Schemas } from './schemas.ts'
import { Strangler } from './strangler.ts'
import { Stream } from './stream.ts'
import { View } from './view.ts'
import {
  meta,
  ms,
  count,
  bytes,
  percent,
  hour,
  mebi,
  text,
  topicName,
  headerName,
  meaningfulHeaders,
  contentType,
  contentCoding,
  groupName,
  emptyBody,
  replyType,
  name,
  Mode,
} from './value.ts'

// stricter than Express: what its patterns give a meaning to ({}()[]*+!\) would fail at start, without a line number
export const match = text(
  /^(GET|HEAD|POST|PUT|PATCH|DELETE) \/((:[A-Za-z]\w{0,63}|[\w.~$&',;=@%-]+)\/)*(:[A-Za-z]\w{0,63}|[\w.~$&',;=@%-]+)?$/,
  'a method and a path, such as `POST /orders/:orderId`',
)

export const key = text(
  /^(path|header|body|claim)\.[A-Za-z0-9_.-]{1,128}$/,
  'one of path.<parameter>, header.<name>, body.<field>, claim.<name>',
).describe(
  'Where the message key comes from: `path.<parameter>`, `header.<name>`, `body.<field>` (the body is parsed only then) or `claim.<name>` of its verified token.',
)

export const CommandCore = z.strictObject({
  to: name.describe('The worker, one of `workers`.'),
  key: key.optional(),
  positions: z
    .boolean()
    .default(false)
    .describe(
      'Whether the worker is told what its client has seen (`Sluice-Position`), and answers once its state shows that; answers of commands and events carry positions then.',
    ),
})

export const Batch = z.strictObject({
  events: count(1, 100_000).default(1_000).describe('Most events of one request; what follows them is not read.'),
  bytes: bytes(1_024, 1_024 * mebi)
    .default(16 * mebi)
    .describe('Largest body of one request. Each event is bounded by `bodyBytes`.'),
  timeoutMs: ms(100, hour)
    .default(60_000)
    .describe('Longest that a body takes to arrive: its events are published while it comes, and it waits for them.'),
})

export const ProcessCore = z.strictObject({
  run: name.describe('The process, one of `processes`.'),
  key: key.optional().describe('The message key of all its commands. Default: the id of its operation.'),
})

export const EventCore = z.strictObject({
  topic: topicName.describe('Topic of the events.'),
  key: key.optional(),
  acks: z
    .enum(['all', 'leader', 'none'])
    .optional()
    .describe('Default by `delivery`: volatile `leader`, else `all`. With `none` the answer says `in-doubt`.'),
  topicByClaim: z
    .strictObject({
      claim: claimName.describe('The claim.'),
      values: z.record(claimValue, topicName.describe('The topic.')).describe('Topics by its value.'),
    })
    .optional()
    .describe('Topics for clients with these values of a verified claim, in place of `topic`.'),
  expose: z.boolean().default(false).describe('Whether the answer names topic, partition and offset.'),
  groups: z
    .array(groupName)
    .max(64)
    .default([])
    .describe(
      'Consumer groups that every event is for: with `delivery: consumable` it is told when one is so far behind that it would miss some.',
    ),
  cloudEvents: z
    .boolean()
    .default(false)
    .describe(
      'Whether requests may bring CloudEvents of their own: headers `ce-*`, or a body of the type `application/cloudevents+json`. Their attributes stand in the record in place of those of the gateway, and `partitionkey` is the key where the route has none.',
    ),
  batch: Batch.optional().describe(
    'Takes many events with one request, each published by itself: a JSON array, lines of JSON (`application/x-ndjson`), and with `cloudEvents` also `application/cloudevents-batch+json`. Off unless given.',
  ),
  partitions: count(1, 10_000).default(12).describe('Partitions of the topic, when the gateway creates it.'),
})

export const Resend = z.strictObject({
  mode: Mode,
  afterMs: ms(1, hour).describe('Silence after the acknowledgement of the broker; less than `timeoutMs`.'),
})

export const Hedge = z.strictObject({
  mode: Mode,
  percentile: z
    .number()
    .min(50)
    .max(99)
    .meta(meta({ unit: '%' }))
    .default(95)
    .describe('Share of the latest replies that came sooner: what is silent for longer is sent once more.'),
  minMs: ms(0, hour).default(10).describe('Never before this silence, however quick the replies are.'),
})

export const Idempotency = z.strictObject({
  mode: Mode,
  key: z
    .enum(['required', 'optional', 'derived'])
    .default('optional')
    .describe(
      'Whether a request must have an `Idempotency-Key`. `derived`: one without it is known by its method, path, headers and body.',
    ),
  inFlight: z
    .enum(['conflict', 'join'])
    .default('conflict')
    .describe('A repetition while the first still runs: `conflict` answers 409, `join` waits for the same answer.'),
  windowMs: ms(1_000, 30 * 24 * hour)
    .default(24 * hour)
    .describe('How long the answer is kept, and given again.'),
})

export const Compress = z.strictObject({
  minBytes: bytes(0, 64 * mebi)
    .default(1_024)
    .describe('Shorter replies stay as they are.'),
  codings: z
    .array(z.enum(['br', 'zstd', 'gzip']))
    .min(1)
    .max(3)
    .default(['zstd', 'br', 'gzip'])
    .describe('What is offered; of those that a client likes equally well, the first.'),
})

export const Route = z
  .strictObject({
    match: match.describe('Method and path; `:name` takes one segment as a parameter.'),
    command: CommandCore.optional().describe('A record for a worker, whose reply is the answer.'),
    query: CommandCore.optional().describe('As a command, but reading only: it may be sent again.'),
    event: EventCore.optional().describe('A record without a reply: answered 202 once the broker has it.'),
    stream: Stream.optional().describe('What comes into topics, told to clients as it comes; GET only.'),
    view: View.optional().describe('What a compacted topic adds up to: the latest value of each key; GET only.'),
    upstream: z
      .strictObject({ to: name.describe('One of `upstreams`.') })
      .optional()
      .describe(
        'HTTP servers that answer, told the method, path, query, body, and `requestHeaders`. Beside `command` or `query`: see `strangler`.',
      ),
    strangler: Strangler.optional().describe(
      'How the calls of a route with both an `upstream` and a `command` or `query` are shared out. Default: all go to the upstream.',
    ),
    replies: DomainReplies.optional().describe(
      'Domain events that answer the commands of the route, of a service that knows no gateway. Default: the replies of its worker.',
    ),
    gather: Gather.optional().describe(
      'Beside a command or query: it goes to many workers or partitions, and their replies come as one JSON document.',
    ),
    process: ProcessCore.optional().describe(
      'A process of several commands: it is an operation, answered within `timeoutMs` if it ends by then, else 202.',
    ),
    delivery: z
      .enum(['volatile', 'consumable', 'replayable'])
      .default('consumable')
      .describe(
        'Delivery class. It is compared with the settings of the topic, and what does not agree is told. Of an event: how it is written. Of a stream: `replayable` lets clients begin in the past, `volatile` gives them no way to go on where they were.',
      ),
    spool: z
      .boolean()
      .default(false)
      .describe(
        'Whether its events, or its commands that are answered 202 at once (`async`), are accepted on disk, in `spool.file`, while the brokers are away or slow: at least once, in the order of their topic.',
      ),
    timeoutMs: ms(10, hour).default(5_000).describe('Longest that a client waits for the answer.'),
    commandTtlMs: ms(10, 24 * hour)
      .optional()
      .describe('When nobody wants the command done any more. Default: `timeoutMs`, and never less.'),
    async: z
      .enum(['off', 'offer', 'always'])
      .default('off')
      .describe(
        'Whether a call may be answered 202 with an operation in place of its reply: when its client prefers it, or always.',
      ),
    onTimeout: z
      .enum(['fail', 'accept'])
      .default('fail')
      .describe('What a call becomes whose time is over: 504, or an operation (202) that keeps its reply.'),
    lateReplies: topicName
      .optional()
      .describe(
        'Topic to which replies are forwarded that nobody waits for any more, with the `ce_id` of their command: for whoever undoes what came too late. Off unless given.',
      ),
    idempotency: Idempotency.optional().describe(
      'Runs a command once, however often its client sends it, and answers all the same. Off unless given.',
    ),
    clientTimeoutMs: ms(10, hour)
      .optional()
      .describe('What the clients are known to wait: only checked, it must be above `timeoutMs`.'),
    deadlineHeader: headerName.optional().describe('Header in which a client says how many milliseconds it waits.'),
    bodyBytes: bytes(0, 64 * mebi)
      .default(mebi)
      .describe('Largest request body.'),
    contentTypes: z
      .array(contentType)
      .max(64)
      .optional()
      .describe('Content types taken, without parameters. Default: all.'),
    encodedSlashes: z
      .boolean()
      .default(false)
      .describe('Whether a parameter may hold an encoded slash (`%2F`), as of `urn:a/b`. Its worker gets it decoded.'),
    contentEncodings: z
      .array(contentCoding)
      .max(16)
      .default([])
      .describe(
        'Content codings of request bodies that are taken, and passed on to the worker in the record header `content-encoding`: the value is the coded bytes. All others are refused with 415. Not with a key in the body.',
      ),
    decode: z
      .array(z.enum(['gzip', 'deflate', 'br', 'zstd']))
      .max(4)
      .default([])
      .describe(
        'Content codings of request bodies that the gateway undoes: the worker gets them plain. `bodyBytes` is the limit of what comes and of what it unfolds to.',
      ),
    compress: Compress.optional().describe(
      'Compresses replies that are text for clients that ask for it. Off unless given; not for answers that hold a secret beside what the client has sent.',
    ),
    requestHeaders: z.array(headerName).max(64).default([]).describe('Request headers passed on to the worker.'),
    emptyBody: emptyBody
      .optional()
      .describe(
        'What the value of a record without content is: `null` (a tombstone), `empty` (zero bytes) or `object` (`{}`). Default: as its worker has it; of an event `null`.',
      ),
    contentType: replyType
      .optional()
      .describe('Content type of replies that name none. Default: as its worker has it.'),
    replyHeaders: z
      .array(headerName)
      .max(64)
      .default([...meaningfulHeaders])
      .describe('Headers of a reply passed on to the client; the content type always is.'),
    identity: z
      .enum(['required', 'optional', 'none'])
      .default('none')
      .describe(
        'Whether a client must say who it is, may, or is not asked. Credentials that are wrong are refused in both cases.',
      ),
    tenant: z
      .enum(['required', 'none'])
      .optional()
      .describe('Whether a request must be of a tenant. Default: `required` where there are `tenants`.'),
    scopes: z.array(scope).max(32).default([]).describe('Scopes that a client must have, all of them, or gets 403.'),
    claimHeaders: claimHeaders
      .default({})
      .describe('Record headers that tell the worker claims of the client: header by claim, such as `x-user: sub`.'),
    schema: Schemas.optional().describe(
      'What bodies must be, and in which form they are on the topic: docs/schemas.md. Off unless given.',
    ),
    cors: Cors.optional().describe(
      'Which pages of other origins may call the route. Preflights are answered by the gateway. Off unless given.',
    ),
    quota: Quota.optional().describe(
      'What each client may send to this route: at least one of `requests`, `bytes` and `windows`. Off unless given.',
    ),
    repeatable: z
      .boolean()
      .optional()
      .describe(
        'Whether its worker may get one command twice, as it answers again what it knows by `ce_id`. Default: a query is repeatable, a command is not.',
      ),
    resend: Resend.optional().describe(
      'Sends once more what is not answered: repeatable and without a key only, within `broker.publish.budget`. Off unless given.',
    ),
    hedge: Hedge.optional().describe(
      'As `resend`, after the time that most replies take; at most 2 % of the calls. Off unless given.',
    ),
    retryOn: z
      .array(count(400, 599))
      .max(16)
      .default([])
      .describe(
        'Statuses of replies that are sent again: repeatable and without a key only, at most twice, within `broker.publish.budget`, and not before the `retry-after` of the reply.',
      ),
    fallback: z
      .array(Fallback)
      .max(8)
      .optional()
      .describe(
        'What answers, in this order, when the worker does not (502, 503, 504; `stale` also for its replies of 500 to 504): never for 4xx.',
      ),
    share: percent()
      .default(0)
      .describe('Share of the slots of its worker that it is sure to get; what it does not use is lent to others.'),
    priority: z
      .enum(['sheddable', 'normal', 'critical', 'health'])
      .default('normal')
      .describe('How much its calls matter: under overload `sheddable` goes first, and `health`, for probes, last.'),
    priorityByClaim: z
      .strictObject({
        claim: claimName.describe('The claim.'),
        values: z
          .record(claimValue, z.enum(['sheddable', 'normal', 'critical']).describe('The priority.'))
          .describe('Priorities by its value.'),
      })
      .optional()
      .describe('What a verified claim says of the priority, once it is known; other values change nothing.'),
  })
  .meta({
    oneOf: [
      ...['command', 'query', 'event', 'stream', 'view', 'process'].map(kind => ({ required: [kind] })),
      { required: ['upstream'], not: { anyOf: ['command', 'query'].map(kind => ({ required: [kind] })) } },
    ],
  })
  .describe(
    'One way in: has just one of `command`, `query`, `event`, `stream`, `view`, `process` and `upstream`; or `upstream` beside `command` or `query`.',
  )
