import { isIP, isIPv6 } from 'node:net'
import { z } from 'zod'

/**
 * What the other files read from `.meta`: `unit`; `allowed`, what a wrong value is told to be; `secret`, hidden and never
 * quoted; `file`, a path that must be readable, from the folder of the configuration file.
 */
type Meta = Readonly<{ unit?: string; allowed?: string; secret?: boolean; file?: boolean }>
const meta = (meta: Meta): Meta => meta

/** Durations are whole milliseconds and say so in their names. */
const ms = (min: number, max: number) =>
  z
    .number()
    .int()
    .min(min)
    .max(max)
    .meta(meta({ unit: 'ms' }))
const count = (min: number, max: number) => z.number().int().min(min).max(max)
const bytes = (min: number, max: number) =>
  z
    .number()
    .int()
    .min(min)
    .max(max)
    .meta(meta({ unit: 'bytes' }))
const percent = (min = 0) =>
  z
    .number()
    .min(min)
    .max(100)
    .meta(meta({ unit: '%' }))
const port = () => z.number().int().min(0).max(65_535)
const hour = 3_600_000
const mebi = 1_048_576

const text = (pattern: RegExp, allowed: string) => z.string().regex(pattern).meta(meta({ allowed }))
const path = () =>
  z
    .string()
    .min(1)
    .meta(meta({ file: true, allowed: 'the path of a readable file' }))

export const topicName = text(
  /^(?!__)(?!\.\.?$)[a-zA-Z0-9._-]{1,249}$/,
  'a topic name: 1 to 249 of a–z A–Z 0–9 . _ - and not beginning with __',
)
const headerName = text(/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'a header name in lower case')
const contentType = text(
  /^[a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,64}$/,
  'a content type in lower case without parameters, such as application/json',
)
const name = text(
  /^[a-z][a-z0-9-]{0,63}$/,
  'a name: lower-case letters, digits and hyphens, a letter first, at most 64',
)
// stricter than Express: what its patterns give a meaning to ({}()[]*+!\) would fail at start, without a line number
const match = text(
  /^(GET|HEAD|POST|PUT|PATCH|DELETE) \/((:[A-Za-z]\w{0,63}|[\w.~$&',;=@%-]+)\/)*(:[A-Za-z]\w{0,63}|[\w.~$&',;=@%-]+)?$/,
  'a method and a path, such as `POST /orders/:orderId`',
)

const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535
const hostAndPort = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]{1,253})):(\d+)$/
const isAddress = (text: string): boolean => {
  const [, ipv6, , number = ''] = hostAndPort.exec(text) ?? []
  return isPort(number) && (ipv6 === undefined || isIPv6(ipv6))
}
const brokers = z
  .string()
  .refine(list => list.trim() === '' || list.split(',').every(entry => isAddress(entry.trim())))
  .meta(meta({ allowed: 'addresses host:port, separated by commas, with ports from 1 to 65535' }))

const isRange = (text: string): boolean => {
  const [address = '', bits, ...more] = text.split('/')
  const family = address.includes('%') ? 0 : isIP(address)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
const range = z
  .string()
  .refine(isRange)
  .meta(meta({ allowed: 'an IP address, or a range such as 10.0.0.0/8' }))

const Mode = z
  .enum(['enforce', 'observe', 'off'])
  .default('enforce')
  .describe('`enforce` refuses, `observe` decides and counts but lets through, `off` is not there at all.')

const windowMs = () =>
  ms(100, 24 * hour)
    .default(1_000)
    .describe('Length of the window over which the quota refills.')
const shared = z
  .boolean()
  .default(true)
  .describe('Whether all instances share it, where `redis` is given; else each has it to itself.')

const Total = z.strictObject({
  mode: Mode,
  requests: count(1, 10_000_000).describe('Requests allowed in each window.'),
  windowMs: windowMs(),
  shared,
})
const quotaBytes = () =>
  bytes(1, 1_024 * 1_024 * mebi)
    .optional()
    .describe('Bytes of request bodies allowed in each window; a larger body costs a whole window.')
const Quota = z.strictObject({
  mode: Mode,
  requests: count(1, 10_000_000).optional().describe('Requests allowed in each window.'),
  bytes: quotaBytes(),
  windowMs: windowMs(),
  windows: z
    .array(
      z.strictObject({
        name: name.optional().describe('Its name in `RateLimit`. Default: its length, such as `1s`.'),
        requests: count(1, 10_000_000).optional().describe('Requests allowed in each window.'),
        bytes: quotaBytes(),
        windowMs: windowMs(),
      }),
    )
    .max(8)
    .optional()
    .describe(
      'Several windows instead of one, each a mapping of `name`, `requests`, `bytes` and `windowMs`; a call must fit into all of them.',
    ),
  shared,
})

const Bulkhead = z.strictObject({
  mode: Mode,
  limit: z
    .enum(['adaptive', 'fixed'])
    .default('adaptive')
    .describe(
      '`adaptive`: as many slots as the worker answers without a queue in its topic, by the time from acknowledgement to reply. `fixed`: always `slots`.',
    ),
  slots: count(1, 100_000)
    .default(512)
    .describe(
      'Commands in flight at once; of an adaptive limit the most, and where it begins before it knows the worker. A slot is free at the reply or when the command expires, not when the client leaves.',
    ),
  min: count(1, 100_000)
    .default(8)
    .describe('The least that an adaptive limit falls to, also when it looks how quick the worker is at rest.'),
  slackMs: ms(0, 60_000)
    .default(40)
    .describe('A reply that takes at most so much longer than at rest is never taken for overload.'),
  queue: count(0, 100_000)
    .default(128)
    .describe(
      'Calls waiting for a slot; the next one is refused. Fewer while slots come free too slowly for all of them.',
    ),
  maxWaitMs: ms(0, 60_000)
    .default(100)
    .describe('Longest wait for a slot; never more than a tenth of the time that the call has left.'),
  partitionPercent: percent()
    .default(50)
    .describe(
      'Share of the slots that one partition of the topic may take, so that one that is stuck does not take all; 100 for no cap.',
    ),
})

const breaker = (minCalls: number, openMs: number, openMaxMs: number) =>
  z.strictObject({
    mode: Mode,
    windowMs: ms(100, hour)
      .optional()
      .describe('Length of the sliding window. Default: twice the longest timeout, at least 10,000.'),
    minCalls: count(1, 1_000_000)
      .default(minCalls)
      .describe('Verdicts in the window before the share of failures counts.'),
    failurePercent: percent().default(50).describe('Share of failures that opens the circuit.'),
    consecutive: count(1, 10_000).default(5).describe('Failures in a row that open it, however few the calls.'),
    openMs: ms(10, hour)
      .default(openMs)
      .describe('How long it stays open before probes are let through, ± 20 %; doubled with each failure of them.'),
    openMaxMs: ms(10, hour)
      .default(openMaxMs)
      .describe(
        'Longest that doubling makes it; never less than `openMs`. Back to `openMs` after a window without trouble.',
      ),
    probes: count(1, 100)
      .default(1)
      .describe('Calls let through to decide whether it closes, by the same shares; the rest is refused at once.'),
  })

const groupName = text(/^[^\s\p{Cc}]{1,249}$/u, 'the id of a consumer group: 1 to 249 characters, no blanks')

const Watch = z.strictObject({
  everyMs: ms(100, 60_000).default(1_000).describe('How often the group is looked at.'),
  noWorker: Mode.describe('Of refusing what nobody serves, as the group has no member.'),
  behind: Mode.describe(
    'Of refusing what cannot be answered in time: the lag of its partition, by the pace at which it is worked off, is more than the call has left.',
  ),
})

const Worker = z.strictObject({
  topic: topicName.describe('Topic of the commands.'),
  dialect: z
    .enum(['sluice', 'spring'])
    .default('sluice')
    .describe('Names and encodings of the record headers that the worker understands.'),
  replies: z
    .enum(['partition', 'broadcast'])
    .default('partition')
    .describe(
      '`partition`: the worker answers to the partition that the command names. `broadcast`: it ignores it, so every instance reads all partitions.',
    ),
  breaker: breaker(20, 5_000, 60_000)
    .extend({
      failOn: z
        .array(count(200, 599))
        .default([500, 502, 503, 504])
        .describe('Statuses of replies that count as failures of the worker.'),
      rebalanceGraceMs: ms(0, hour)
        .default(10_000)
        .describe(
          'Silence of calls begun while the group of the worker rebalances, or so long after, is no failure, unless their partition has answered since. Known only with `group`.',
        ),
      slowMs: ms(1, hour)
        .optional()
        .describe(
          "A success is slow when it took longer, from the broker's acknowledgement to the reply. Off unless given.",
        ),
      slowPercent: percent()
        .default(80)
        .describe('Share of slow ones among the successes that opens it, once there are `minCalls` of them.'),
    })
    .prefault({})
    .describe('The circuit of the worker, shared by its routes.'),
  bulkhead: Bulkhead.prefault({}).describe('The cap on its commands in flight.'),
  quota: Total.optional().describe(
    'What the worker may get in total, over all clients and routes. Leased in portions. Off unless given.',
  ),
  partitions: count(1, 10_000).default(12).describe('Partitions of the topic, when the gateway creates it.'),
  group: groupName
    .optional()
    .describe(
      'Consumer group of the worker. Given, its members and its lag are watched, which needs DESCRIBE on the group and the topic. Not for workers that read without a group.',
    ),
  partitionBreaker: z
    .strictObject({
      mode: Mode,
      consecutive: count(1, 10_000)
        .default(5)
        .describe('Silences of a partition in a row, while others answer, that make it a bad one.'),
      openMs: ms(10, hour)
        .default(5_000)
        .describe('How long it is bad before a call may try it; doubled each time that the trial fails, up to 60,000.'),
    })
    .prefault({})
    .describe(
      'Partitions that are silent while others answer: keyed calls for them are refused, keyless ones go elsewhere, and the circuit of the worker does not count them.',
    ),
  watch: Watch.prefault({}).describe('How the group is watched, and what is refused on its account.'),
})

const key = text(
  /^(path|header|body)\.[A-Za-z0-9_.-]{1,128}$/,
  'one of path.<parameter>, header.<name>, body.<field>',
).describe(
  'Where the message key comes from: `path.<parameter>`, `header.<name>` or `body.<field>` (the body is parsed only then).',
)
const CommandCore = z.strictObject({
  to: name.describe('The worker, one of `workers`.'),
  key: key.optional(),
})
const EventCore = z.strictObject({
  topic: topicName.describe('Topic of the events.'),
  key: key.optional(),
  acks: z
    .enum(['all', 'leader', 'none'])
    .optional()
    .describe('Default by `delivery`: volatile `leader`, else `all`. With `none` the answer says `in-doubt`.'),
  expose: z.boolean().default(false).describe('Whether the answer names topic, partition and offset.'),
  partitions: count(1, 10_000).default(12).describe('Partitions of the topic, when the gateway creates it.'),
})

const Resend = z.strictObject({
  mode: Mode,
  afterMs: ms(1, hour).describe('Silence after the acknowledgement of the broker; less than `timeoutMs`.'),
})
const Hedge = z.strictObject({
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

const reserved = 'a header name in lower case, and none of the connection or of the gateway itself'
const ownHeader = headerName
  .refine(
    name =>
      !/^(connection|content-length|date|keep-alive|proxy-.*|sluice-.*|te|trailer|transfer-encoding|upgrade)$/.test(
        name,
      ),
  )
  .meta(meta({ allowed: reserved }))
const headerValue = text(/^[\t\x20-\x7e\xa0-\xff]{0,4096}$/, 'text without control characters, at most 4,096')
const isPlainUrl = (text: string): boolean => {
  if (!/^https?:\/\//.test(text) || /[?#@\s]/.test(text)) return false
  return URL.canParse(text)
}
const Fallback = z
  .strictObject({
    stale: z
      .strictObject({
        maxAgeMs: ms(1, 7 * 24 * hour)
          .default(300_000)
          .describe('Oldest reply that is served, counted from when it came.'),
        entries: count(1, 100_000).default(1_000).describe('Replies kept; the least recently used goes first.'),
        bytes: bytes(1_024, 4_096 * mebi)
          .default(16 * mebi)
          .describe('Their size together.'),
      })
      .optional()
      .describe('An earlier reply to the same query, as far as its `Cache-Control` and `Vary` allow.'),
    fixed: z
      .strictObject({
        status: count(200, 599).default(200).describe('Its status.'),
        headers: z.record(ownHeader, headerValue).default({}).describe('Its headers, `content-type` among them.'),
        body: z.string().max(mebi).optional().describe('Its body; or else `bodyFile`.'),
        bodyFile: path().optional().describe('File that holds its body, at most 4 MiB.'),
      })
      .optional()
      .describe('An answer that is always the same.'),
    upstream: z
      .strictObject({
        url: z
          .string()
          .refine(isPlainUrl)
          .meta(meta({ allowed: 'a URL with http:// or https:// without user, query and fragment' }))
          .describe('Where the path and query of the request are appended to.'),
        timeoutMs: ms(10, hour)
          .default(1_000)
          .describe(
            'Longest wait for it. So much, but at most half of the time left, is taken off the wait for the worker.',
          ),
        connections: count(1, 10_000)
          .default(32)
          .describe('Connections to it, each with one call at a time; none waits.'),
      })
      .optional()
      .describe(
        'Another HTTP server, told what the worker is told. A command that may run already goes there only if `repeatable`.',
      ),
  })
  .describe('One step: has just one of `stale`, `fixed` and `upstream`.')

const Route = z
  .strictObject({
    match: match.describe('Method and path; `:name` takes one segment as a parameter.'),
    command: CommandCore.optional().describe('A record for a worker, whose reply is the answer.'),
    query: CommandCore.optional().describe('As a command, but reading only: it may be sent again.'),
    event: EventCore.optional().describe('A record without a reply: answered 202 once the broker has it.'),
    delivery: z
      .enum(['volatile', 'consumable', 'replayable'])
      .default('consumable')
      .describe('Delivery class of an event.'),
    timeoutMs: ms(10, hour).default(5_000).describe('Longest that a client waits for the answer.'),
    commandTtlMs: ms(10, 24 * hour)
      .optional()
      .describe('When nobody wants the command done any more. Default: `timeoutMs`, and never less.'),
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
    requestHeaders: z.array(headerName).max(64).default([]).describe('Request headers passed on to the worker.'),
    replyHeaders: z
      .array(headerName)
      .max(64)
      .default(['location', 'etag', 'last-modified', 'cache-control', 'content-language', 'retry-after', 'vary'])
      .describe('Headers of a reply passed on to the client; the content type always is.'),
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
  })
  .meta({ oneOf: ['command', 'query', 'event'].map(kind => ({ required: [kind] })) })
  .describe('One way in: has just one of `command`, `query` and `event`.')

const Tls = z.strictObject({
  caFile: path().optional().describe('PEM file with the authorities to trust. Default: those of Node.'),
  certFile: path().optional().describe('PEM file with our certificate.'),
  keyFile: path().optional().describe('PEM file with our private key.'),
  serverName: z.string().optional().describe('Name expected in the certificate, when it is not the host.'),
  rejectUnauthorized: z.boolean().default(true).describe('False accepts any certificate: for tests only.'),
})
const Sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('As the brokers offer it.'),
  username: z.string().min(1).describe('Name of the user.'),
  password: z
    .string()
    .min(1)
    .meta(meta({ secret: true }))
    .optional()
    .describe('Its password; better: `passwordFile`.'),
  passwordFile: path().optional().describe('File that holds the password; a line break at its end is dropped.'),
})

const Publish = z.strictObject({
  attemptMs: ms(10, 60_000).default(1_000).describe('Longest that one attempt to publish may take.'),
  attempts: count(1, 10)
    .default(3)
    .describe('Attempts in all. Only what is certainly not in the topic is tried again.'),
  mode: Mode.describe('Of the repetition: `off` means one attempt, `observe` only counts what it would have repeated.'),
  baseMs: ms(1, 10_000)
    .default(50)
    .describe('Backoff: the wait before attempt n+1 is uniform between 0 and min(capMs, baseMs · 2ⁿ).'),
  capMs: ms(1, 60_000).default(1_000).describe('Longest backoff.'),
  budget: z
    .strictObject({
      percent: percent().default(10).describe('Repetitions allowed, as a share of the calls.'),
      floor: count(0, 10_000).default(3).describe('Repetitions allowed at once, however few the calls.'),
    })
    .prefault({})
    .describe('What bounds the repetitions together.'),
  breaker: breaker(10, 1_000, 4_000).prefault({}).describe('The circuit of the cluster.'),
  buffer: z
    .strictObject({
      records: count(1, 1_000_000).default(20_000).describe('Records waiting to be handed over.'),
      bytes: bytes(1_024, 4_096 * mebi)
        .default(64 * mebi)
        .describe('Their size together.'),
    })
    .prefault({})
    .describe('What may wait while the brokers are slow; beyond it calls are refused.'),
})

const Redis = z.strictObject({
  url: text(/^rediss?:\/\/[^\s]+$/, 'a URL such as redis://user:password@host:6379/0, or rediss:// for TLS')
    .meta(meta({ secret: true, allowed: 'a URL such as redis://user:password@host:6379/0, or rediss:// for TLS' }))
    .optional()
    .describe('Where it is; better, when it holds a password: `urlFile`.'),
  urlFile: path().optional().describe('File that holds the URL; a line break at its end is dropped.'),
  prefix: name.default('sluice').describe('Beginning of our keys there: the gateways with the same one share quotas.'),
  instances: count(1, 10_000)
    .default(2)
    .describe(
      'How many gateways share it. While Redis cannot be asked, each spends its share of a quota, which is the quota divided by this.',
    ),
  clients: count(0, 100_000)
    .default(1_000)
    .describe('How many large clients are leased for at once; any more get the share of this instance.'),
  connectMs: ms(50, 60_000).default(1_000).describe('Longest that connecting may take.'),
  requestMs: ms(50, 60_000)
    .default(500)
    .describe('After this silence the connection is given up. No call waits for it.'),
})

const FaultRule = z
  .strictObject({
    route: name.optional().describe('Only calls of this route. Default: of all.'),
    worker: name.optional().describe('Only calls to this worker. Default: to all, and events.'),
    kind: z
      .enum([
        'delay',
        'abort',
        'lost-reply',
        'duplicate-reply',
        'garbled-reply',
        'refused-publish',
        'slow-publish',
        'throttle',
      ])
      .describe(
        'What goes wrong: the reply comes late, instead of it a status is answered and nothing is sent, it is lost, comes twice, is no HTTP answer; publishing is refused, or acknowledged late; the response is written slowly.',
      ),
    percent: percent().describe('How often: of the calls, or of the replies or attempts to publish that it is about.'),
    delayMs: ms(1, hour).optional().describe('How late, for `delay` and `slow-publish`.'),
    status: count(400, 599).optional().describe('What is answered, for `abort`.'),
    bytesPerSecond: bytes(1, 1_000_000_000).optional().describe('How fast the body is written, for `throttle`.'),
    forMs: ms(1, 24 * hour)
      .default(60_000)
      .describe('After this time, from the start of the process, the rule ends by itself.'),
  })
  .describe('One fault, and how often it strikes.')
const Faults = z.strictObject({
  mode: z
    .enum(['enforce', 'observe', 'off'])
    .default('off')
    .describe(
      '`enforce` injects, `observe` decides and counts whom a fault would strike but injects none, `off`: nothing can be injected, and nothing is there at all.',
    ),
  rules: z.record(name, FaultRule).default({}).describe('What goes wrong from the start, by name.'),
  headers: z
    .boolean()
    .default(false)
    .describe('Whether requests that bring `admin.token` in `x-fault-token` may ask for faults of their own.'),
  maxPercent: percent().default(100).describe('Most that any rule or request may ask for.'),
  maxActive: count(1, 100_000).default(100).describe('Calls that suffer from a fault at once; beyond it none strikes.'),
  maxForMs: ms(1_000, 24 * hour)
    .default(600_000)
    .describe('Longest that a rule may hold, and a throttled response may take.'),
})

/** The one schema: types, JSON Schema and docs/config.md come from it. */
export const Config = z.strictObject({
  server: z
    .strictObject({
      host: z.string().default('0.0.0.0').describe('Address to listen on; 127.0.0.1 for a sidecar.'),
      port: port().default(8080).describe('TCP port; 0 takes a free one.'),
      socket: z.string().optional().describe('Path of a Unix socket to listen on instead.'),
      trustedProxies: z
        .array(range)
        .max(1_000)
        .default([])
        .describe('Addresses or CIDR ranges whose `Forwarded` or `X-Forwarded-For` names the client.'),
      priorityHeader: headerName
        .optional()
        .describe(
          'Header in which a trusted proxy says `critical`, `normal` or `sheddable` in place of the priority of the route. The proxy must drop the one of its client.',
        ),
      limits: z
        .strictObject({
          connections: count(1, 1_000_000).default(10_000).describe('Open connections; the next is closed at once.'),
          headerBytes: bytes(1_024, mebi).default(16_384).describe('All headers of a request together: else 431.'),
          headers: count(1, 2_000).default(100).describe('Number of headers: else 431.'),
          urlBytes: bytes(64, 65_536).default(8_192).describe('The URL: else 414.'),
          headersTimeoutMs: ms(100, 600_000).default(5_000).describe('Longest until the headers have arrived.'),
          bodyTimeoutMs: ms(100, 600_000).default(10_000).describe('Longest until the body has arrived: else 408.'),
          keepAliveMs: ms(0, 600_000).default(65_000).describe('How long an idle connection stays open.'),
        })
        .prefault({})
        .describe('What is refused before it costs anything.'),
    })
    .prefault({})
    .describe('Where clients come in.'),
  admin: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('Address to listen on.'),
      port: port().default(9090).describe('TCP port; 0 takes a free one.'),
      token: z
        .string()
        .min(16)
        .max(1_024)
        .meta(meta({ secret: true }))
        .optional()
        .describe(
          'What whoever changes something must show as `Authorization: Bearer`; better: `tokenFile`. Without it nothing can be changed.',
        ),
      tokenFile: path().optional().describe('File that holds the token; a line break at its end is dropped.'),
    })
    .prefault({})
    .describe(
      '/livez, /readyz, /metrics, /config and /policies, on a port of their own, and what operators may change.',
    ),
  instance: z
    .strictObject({
      id: text(/^[A-Za-z0-9._-]{1,128}$/, 'letters, digits, dots, _ and -, at most 128')
        .overwrite(id => id.replaceAll('.', '-')) // host names have dots, while correlation ids are parted by them
        .default('sluice')
        .describe('Name of this instance, dots read as hyphens; the admin port is appended to it.'),
      ordinal: count(0, 100_000)
        .optional()
        .describe('Number of this instance among all, from 0: its reply partition. Default: a hash of the id.'),
    })
    .prefault({})
    .describe('Which of many gateways this is.'),
  broker: z
    .strictObject({
      brokers: brokers
        .default('')
        .describe('Addresses, host:port, separated by commas. Empty: the embedded broker, in memory.'),
      clientId: z
        .string()
        .min(1)
        .max(249)
        .default('sluice')
        .describe('Name of this client in the logs and quotas of the brokers.'),
      tls: z.union([z.boolean(), Tls]).default(false).describe('TLS to the brokers: true, or its files.'),
      sasl: Sasl.optional().describe('How to authenticate.'),
      connectMs: ms(50, 60_000).default(1_000).describe('Longest that connecting may take.'),
      requestMs: ms(100, 300_000).default(10_000).describe('After this silence the connection is given up.'),
      createTopics: z
        .boolean()
        .default(true)
        .describe('Whether missing topics are created at start, or only reported.'),
      publish: Publish.prefault({}).describe('How records are written.'),
    })
    .prefault({})
    .describe('The Kafka cluster.'),
  redis: Redis.optional().describe('A Redis in which instances share quotas. Without it each instance has its own.'),
  replies: z
    .strictObject({
      topic: topicName.default('gateway.replies').describe('Topic of the replies, shared by all instances.'),
      partitions: count(1, 10_000).default(12).describe('Its partitions, when the gateway creates it.'),
      retentionMs: ms(1_000, 24 * hour)
        .default(600_000)
        .describe('How long it keeps replies, when the gateway creates it.'),
      maxBytes: bytes(1_024, 64 * mebi)
        .default(4 * mebi)
        .describe('Largest reply passed on: else 502.'),
    })
    .prefault({})
    .describe('Where the workers answer.'),
  workers: z.record(name, Worker).default({}).describe('Who answers, by name.'),
  routes: z
    .record(name, Route)
    .describe('The ways in, by name. A route has just one of `command`, `query` and `event`.'),
  policies: z
    .strictObject({
      drain: Mode,
      deadline: Mode,
      gate: Mode,
      fallback: Mode,
      stateFile: z
        .string()
        .min(1)
        .optional()
        .describe(
          'File that keeps the states of all circuits over a restart, what operators forced included; one for each instance. Off unless given.',
        ),
    })
    .prefault({})
    .describe('Policies without options of their own, and what they remember.'),
  overload: z
    .strictObject({
      mode: Mode,
      sheddableDelayMs: ms(1, 60_000)
        .default(100)
        .describe(
          'How late the event loop may be (p99), or a request that waits for its turn, until every `sheddable` call is refused; a growing share of them is from half of it on.',
        ),
      normalDelayMs: ms(1, 60_000)
        .default(250)
        .describe(
          'How late until only `critical` calls and `health` pass; a growing share of the `normal` ones is refused from four fifths of it on, but not before `sheddableDelayMs`.',
        ),
      heapPercent: percent(0.1)
        .default(85)
        .describe('Heap in use, of its limit, until only `critical` calls and `health` pass; a share from 10 less on.'),
      connectionsPercent: percent(0.1)
        .default(90)
        .describe('Open connections, of `server.limits.connections`, until the same; a refusal then closes its own.'),
      bytes: bytes(mebi, 65_536 * mebi)
        .default(256 * mebi)
        .describe(
          'Request bodies in memory together; the last fifth is not for `sheddable` calls, the last tenth not for `normal` ones.',
        ),
    })
    .prefault({})
    .describe('What the process itself can bear, asked before a body is read.'),
  faults: Faults.prefault({}).describe('What goes wrong on purpose, to see how clients and policies bear it.'),
  drain: z
    .strictObject({
      delayMs: ms(0, 600_000)
        .default(5_000)
        .describe('After SIGTERM: how long new requests are still served while /readyz already says no.'),
      limitMs: ms(0, 600_000).default(30_000).describe('Afterwards: longest wait for the running calls.'),
    })
    .prefault({})
    .describe('How an instance stops.'),
  readiness: z
    .enum(['degraded', 'strict'])
    .default('degraded')
    .describe('`degraded`: once ready, an outage of the brokers leaves the instance ready. `strict`: it does not.'),
  log: z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('info')
        .describe('Least level that is written.'),
      file: z.string().optional().describe('File to append to. Default: standard output.'),
      requests: z.boolean().default(true).describe('One line for each request.'),
    })
    .prefault({})
    .describe('What is written while it runs.'),
})

export type Config = z.output<typeof Config>
export type ModeName = z.output<typeof Mode>
export type QuotaOptions = z.output<typeof Quota>
export type TotalOptions = z.output<typeof Total>
export type RedisOptions = z.output<typeof Redis>
export type BulkheadOptions = z.output<typeof Bulkhead>
export type WorkerOptions = z.output<typeof Worker>
export type WatchModes = Pick<WorkerOptions['watch'], 'noWorker' | 'behind'>
export type WorkerBreakerOptions = WorkerOptions['breaker']
export type PublishOptions = z.output<typeof Publish>
export type RouteOptions = z.output<typeof Route>
export type ResendOptions = z.output<typeof Resend>
export type HedgeOptions = z.output<typeof Hedge>
export type FaultRule = z.output<typeof FaultRule>
export type FaultOptions = Config['faults']
export type ServerOptions = Config['server']
export type FallbackStep = z.output<typeof Fallback>
export type OverloadOptions = Config['overload']
export type BrokerOptions = Config['broker']
