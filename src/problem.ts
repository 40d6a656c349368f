/** What is known of the command when a call fails, weakest first: it decides which repetition is safe. */
export const outcomes = ['not-sent', 'in-doubt', 'sent'] as const
export type Outcome = (typeof outcomes)[number]
export const strongest = (a: Outcome, b: Outcome): Outcome => (outcomes.indexOf(a) > outcomes.indexOf(b) ? a : b)

/** Whose health a failure speaks of: the circuit that it counts against. */
export type Target = 'broker' | 'worker' | 'upstream'

export type Spec = Readonly<{
  status: number // HTTP status sent to the client
  title: string // one fixed sentence, no variables
  outcome: Outcome // the default: a call that has sent once stays sent
  blames: Target | null
  advice: string // what the reader of docs/problems.md can do about it
  type?: string // a registered problem type, where there is one
}>

/** Every way of failing to obtain a reply. One row drives status, outcome, retry, circuits, metric labels and docs. */
export const problems = {
  'invalid-request': {
    status: 400,
    title: 'The request does not match the route.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Correct the request as the detail says.',
  },
  unauthenticated: {
    status: 401,
    title: 'The client has not said who it is.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Send credentials as `WWW-Authenticate` says; the detail tells what is wrong with those that came.',
  },
  forbidden: {
    status: 403,
    title: 'The client may not do this.',
    outcome: 'not-sent',
    blames: null,
    advice: 'The scope that the detail names is missing: see `routes.*.scopes`, and what the issuer grants.',
  },
  'callback-forbidden': {
    status: 403,
    title: 'The callback may not be called.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Name a URL of one of the origins in `operations.callbacks.receivers`, without user and fragment.',
  },
  'unknown-route': {
    status: 404,
    title: 'No route has this path.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Compare the path with `routes.*.match` of the configuration.',
  },
  'unknown-stream': {
    status: 404,
    title: 'There is no such stream.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Create it with PUT, or write a record with its key.',
  },
  'offset-gone': {
    status: 410,
    title: 'The offset is not kept any more.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Read from the beginning (`offset=-1`), or from now on (`offset=now`); raise `retention` of the topic.',
  },
  'stream-unsupported': {
    status: 501,
    title: 'A topic cannot do this for a single stream.',
    outcome: 'not-sent',
    blames: null,
    advice: 'See docs/durable-streams.md for what is not there, and why.',
  },
  'no-value': {
    status: 404,
    title: 'Nothing has this key.',
    outcome: 'not-sent',
    blames: null,
    advice: 'The topic of the view has no record of the key, or its latest one takes it away.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path is served with other methods.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Use one of the methods in the `Allow` header.',
  },
  'unknown-operation': {
    status: 404,
    title: 'There is no such operation.',
    outcome: 'not-sent',
    blames: null,
    advice:
      'Ask as the client that began it: nobody else sees it. It may also have been forgotten, as long after its end.',
  },
  'key-missing': {
    status: 400,
    title: 'The route wants an Idempotency-Key.',
    outcome: 'not-sent',
    blames: null,
    advice:
      'Send the header `Idempotency-Key` with a value of your own, new for each command and the same when you repeat it.',
  },
  'key-in-flight': {
    status: 409,
    title: 'The command with this Idempotency-Key is still running.',
    outcome: 'in-doubt',
    blames: null,
    advice: 'Repeat after `Retry-After` with the same key: you get the answer of the first request.',
  },
  'operation-running': {
    status: 409,
    title: 'The operation was not cancelled.',
    outcome: 'sent',
    blames: null,
    advice: 'Its worker has begun, has finished, or cannot be told: see the detail, and wait for its end.',
  },
  'process-refused': {
    status: 409,
    title: 'A step of the process was refused, and what was done has been undone.',
    outcome: 'sent',
    blames: null,
    advice: 'The detail and `steps` say which step was refused, and with what.',
  },
  'process-failed': {
    status: 502,
    title: 'A step of the process failed, and what was done has been undone.',
    outcome: 'sent',
    blames: null,
    advice: 'Begin a new one; look at the worker of the step that the detail names.',
  },
  'operation-expired': {
    status: 410,
    title: 'The operation expired without an answer.',
    outcome: 'sent',
    blames: null,
    advice: 'Nobody answered within `commandTtlMs`. The command may have run all the same: look at the worker.',
  },
  'operation-cancelled': {
    status: 410,
    title: 'The operation was cancelled.',
    outcome: 'sent',
    blames: null,
    advice: 'Begin a new one: its worker dropped the command.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Send the body faster, or raise `server.limits.bodyTimeoutMs`.',
  },
  'too-large': {
    status: 413,
    title: 'The request is too large.',
    outcome: 'not-sent',
    blames: null,
    advice: "Send less, or raise `bodyBytes`, and the topic's `max.message.bytes` with it.",
  },
  'url-too-long': {
    status: 414,
    title: 'The URL is too long.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Move parameters into the body, or raise `server.limits.urlBytes`.',
  },
  'unsupported-type': {
    status: 415,
    title: 'The route does not take this content type.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Send one of the types in `routes.*.contentTypes`.',
  },
  'unsupported-coding': {
    status: 415,
    title: 'The route does not take this Content-Encoding.',
    outcome: 'not-sent',
    blames: null,
    advice:
      'Send the content as one that `Accept-Encoding` of the answer names, mostly plain; `routes.*.decode` and `routes.*.contentEncodings` add to them.',
  },
  'key-reused': {
    status: 422,
    title: 'The Idempotency-Key belongs to another request.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Take a new key for each command; a repeated request must be the same in method, path, headers and body.',
  },
  'schema-violation': {
    status: 422,
    title: 'The body does not match its schema.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Correct the body: `errors` has what is wrong, and where, as JSON pointers. See `routes.*.schema`.',
  },
  'rate-limited': {
    status: 429,
    title: 'The quota is used up.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Wait for the seconds in `Retry-After`.',
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large or too many.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Send fewer headers: at most 100, and 16 KiB.',
  },
  'client-gone': {
    status: 499,
    title: 'The client closed the connection.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Seen in logs and metrics only: nobody is there to read it.',
  },
  'bulkhead-full': {
    status: 503,
    title: 'Every slot and every place in the queue is taken.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Try later; if it lasts, the worker is slower than its callers: add workers, or raise `bulkhead.slots`.',
  },
  shed: {
    status: 503,
    title: 'The call was shed in favour of others.',
    outcome: 'not-sent',
    blames: null,
    advice:
      'Try later. Under overload the least important go first, and no client gets more than its share: see `priority`.',
  },
  overloaded: {
    status: 503,
    title: 'The gateway itself is overloaded.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Try later, or on another instance; if it lasts, add instances. The detail says what is short.',
  },
  'no-worker': {
    status: 503,
    title: 'Nobody serves the command.',
    outcome: 'not-sent',
    blames: null,
    advice: "The worker's consumer group has no member: start the worker, or correct `workers.*.group`.",
  },
  'worker-behind': {
    status: 503,
    title: 'The worker is too far behind to answer in time.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Try after `Retry-After`; if it lasts, add workers: the lag grows faster than they drain it.',
  },
  'partition-stuck': {
    status: 503,
    title: 'The partition of this key is not answering.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Other keys are served. Look at the member of the worker that holds the partition which the detail names.',
  },
  'stream-full': {
    status: 503,
    title: 'The stream takes no more clients.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Come again after `Retry-After`, or raise `stream.clients` or `stream.clientsPerAddress`.',
  },
  'circuit-open': {
    status: 503,
    title: 'The circuit is open.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Try later; look at the worker, or at the brokers, whichever the detail names.',
  },
  'identity-unavailable': {
    status: 503,
    title: 'Who the client is cannot be told now.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Try after `Retry-After`; if it lasts, look at the keys of the issuer: `identity.providers.*.jwt.jwks`.',
  },
  'schema-unavailable': {
    status: 503,
    title: 'The schema cannot be had now.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Try after `Retry-After`; if it lasts, look at the registry: the detail says what it does not have.',
  },
  'not-ready': {
    status: 503,
    title: 'The gateway is not ready yet.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Wait; `/readyz?verbose` on the admin port says for what.',
  },
  cancelled: {
    status: 503,
    title: 'An operator has ended the wait for the reply.',
    outcome: 'not-sent',
    blames: null,
    advice: 'The outcome says whether the command may still run. Ask whoever runs the gateway before repeating.',
  },
  draining: {
    status: 503,
    title: 'The gateway is shutting down.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Repeat on another instance.',
  },
  'broker-unavailable': {
    status: 503,
    title: 'The command could not be published.',
    outcome: 'not-sent',
    blames: 'broker',
    advice: 'Repeat later: nothing was sent. Look at the brokers.',
  },
  'broker-quota': {
    status: 503,
    title: 'The brokers hold the gateway back.',
    outcome: 'not-sent',
    blames: null,
    advice:
      'Repeat after `Retry-After`, the time that the brokers name. If it lasts, raise `producer_byte_rate` or `request_percentage` of `broker.clientId`.',
  },
  'buffer-full': {
    status: 503,
    title: 'Too many records wait to be published.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Repeat later; the brokers are slower than the callers. See `broker.publish.buffer`.',
  },
  'operations-full': {
    status: 503,
    title: 'Too many operations are kept.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Try later, or raise `operations.entries` and `operations.bytes`; a shorter `retentionMs` keeps fewer.',
  },
  'spool-full': {
    status: 503,
    title: 'Too many events wait on disk.',
    outcome: 'not-sent',
    blames: null,
    advice:
      'Repeat later; the brokers have been away or slow for long. See `spool.bytes`, `spool.maxAgeMs` and `sluice spool list`.',
  },
  'spool-unavailable': {
    status: 503,
    title: 'The event could not be kept on disk.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Repeat later; look at the disk of `spool.file`. It is tried anew with each event.',
  },
  'topic-missing': {
    status: 500,
    title: 'A topic of the configuration does not exist.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Create the topic, or set `broker.createTopics: true`.',
  },
  'topic-forbidden': {
    status: 500,
    title: 'The gateway may not write to a topic of the configuration.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Grant WRITE and DESCRIBE on the topic to the user of the gateway.',
  },
  'deadline-exceeded': {
    status: 504,
    title: 'The deadline passed before anything was sent.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Repeat: nothing was sent. If it lasts, see which of queue and publish took the time in `Server-Timing`.',
  },
  'view-behind': {
    status: 504,
    title: 'The view has not reached what the client has seen.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Repeat: the detail says how far it is. If it lasts, look at whoever writes the topic of the view.',
  },
  'position-gone': {
    status: 410,
    title: 'The position is one of another log.',
    outcome: 'not-sent',
    blames: null,
    advice: 'Ask without `Sluice-Position`: its topic was made anew since, or it stands in another cluster.',
  },
  'publish-timeout': {
    status: 504,
    title: 'The broker did not confirm the command.',
    outcome: 'in-doubt',
    blames: 'broker',
    advice: 'Repeat only what may run twice. Look at the brokers.',
  },
  'reply-timeout': {
    status: 504,
    title: 'No reply arrived in time.',
    outcome: 'sent',
    blames: 'worker',
    advice: 'The command is in the topic and may still run. Look at the lag of the worker.',
  },
  'too-few-replies': {
    status: 504,
    title: 'Fewer workers answered than are wanted.',
    outcome: 'sent',
    blames: null,
    advice: 'The detail names those that did not: look at them, or lower `gather.minimum`.',
  },
  'bad-reply': {
    status: 502,
    title: 'The reply cannot be passed on.',
    outcome: 'sent',
    blames: 'worker',
    advice: "The worker answered with what is no HTTP response: see the detail, and the worker's log.",
  },
  'upstream-failed': {
    status: 502,
    title: 'The upstream gave no answer that can be passed on.',
    outcome: 'in-doubt',
    blames: 'upstream',
    advice:
      'Repeat only what may run twice, unless it is `not-sent`. Look at the servers of `upstreams.*`, or of `routes.*.fallback`.',
  },
  internal: {
    status: 500,
    title: 'The gateway failed.',
    outcome: 'in-doubt',
    blames: null,
    advice: 'This is a defect of the gateway: report it with the call id and the line of the log.',
  },
} as const satisfies Record<string, Spec>

/** One thing that is wrong with a body; the pointer (RFC 6901) is empty for the whole of it. */
export type Violation = Readonly<{ pointer: string; message: string }>

export type ProblemCode = keyof typeof problems
/**
 * `policy` is who refused, `limit` what it allows and `observed` what it saw, in the unit that the detail names; `violated`
 * names what was exceeded, for `violated-policies`; `errors` is what is wrong with the body.
 */
export type Details = Readonly<{
  outcome?: Outcome | undefined
  retryAfterMs?: number | undefined
  policy?: string | undefined
  limit?: number | undefined
  observed?: number | undefined
  violated?: readonly string[] | undefined
  errors?: readonly Violation[] | undefined
  cause?: unknown
}>

/** A failure to obtain a reply. `detail` is for the client; the cause is for the log. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly outcome: Outcome
  readonly retryAfterMs: number | undefined
  readonly policy: string | undefined
  readonly limit: number | undefined
  readonly observed: number | undefined
  readonly violated: readonly string[] | undefined
  readonly errors: readonly Violation[] | undefined

  constructor(code: ProblemCode, detail: string, details: Details = {}) {
    // a refusal is a value here, not a surprise: collecting a stack would cost more than the refusal itself
    const limit = Error.stackTraceLimit
    if (code !== 'internal') Error.stackTraceLimit = 0
    super(detail, details.cause === undefined ? undefined : { cause: details.cause })
    Error.stackTraceLimit = limit
    this.code = code
    this.outcome = details.outcome ?? problems[code].outcome
    this.retryAfterMs = details.retryAfterMs
    this.policy = details.policy
    this.limit = details.limit
    this.observed = details.observed
    this.violated = details.violated
    this.errors = details.errors
  }

  get spec(): Spec {
    return problems[this.code]
  }

  /** The same failure with another outcome: a call that has sent once stays sent. */
  withOutcome(outcome: Outcome): Problem {
    return outcome === this.outcome ? this : this.#copy({ outcome })
  }

  /** The same failure, refused by this policy. */
  signed(policy: string): Problem {
    return policy === this.policy ? this : this.#copy({ policy })
  }

  #copy(over: Details): Problem {
    const { code, message, outcome, retryAfterMs, policy, limit, observed, violated, errors, cause } = this
    return new Problem(code, message, {
      outcome,
      retryAfterMs,
      policy,
      limit,
      observed,
      violated,
      errors,
      cause,
      ...over,
    })
  }

  static from(error: unknown): Problem {
    return error instanceof Problem ? error : new Problem('internal', 'Unexpected failure.', { cause: error })
  }
}
