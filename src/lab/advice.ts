/** Who says a code, and which options decide when it does. `who`: a policy, a place, or the client. */
export type Saying = Readonly<{ who: string; change: string }>

const sayings: Readonly<Record<string, Saying>> = {
  'bulkhead-full': {
    who: 'bulkhead',
    change:
      'the workers are full. More workers, or `workers.*.bulkhead.slots`, `queue` and `maxWaitMs` where they could do more.',
  },
  shed: { who: 'bulkhead', change: 'less important calls gave way. More workers, or other priorities of the routes.' },
  overloaded: { who: 'overload', change: 'the gateway itself had too much to do: more instances, or `overload`.' },
  'circuit-open': {
    who: 'breaker',
    change:
      'the worker failed or was silent. `workers.*.breaker.openMs` and `openMaxMs` decide how soon it is tried again.',
  },
  'no-worker': { who: 'gate', change: 'the group had no member: keep one while others are replaced.' },
  'worker-behind': {
    who: 'gate',
    change: 'what waited in the topic was more than could be answered in time: more workers.',
  },
  'partition-stuck': { who: 'partition', change: 'one partition was silent: `workers.*.partitionBreaker`.' },
  'rate-limited': { who: 'quota', change: 'clients asked for more than `routes.*.quota` allows.' },
  'not-ready': { who: 'gate', change: 'the gateway could not read replies: look at the brokers.' },
  draining: { who: 'drain', change: 'the gateway was stopping.' },
  'broker-unavailable': {
    who: 'cluster',
    change: 'no broker took it. Where clients may wait, `spool: true` on event routes keeps it on disk.',
  },
  'buffer-full': { who: 'broker', change: 'more waited for the broker than `broker.publish.buffer` holds.' },
  'deadline-exceeded': {
    who: 'deadline',
    change: 'time ran out before anything was sent: `routes.*.timeoutMs`, `workers.*.bulkhead.maxWaitMs`.',
  },
  'publish-timeout': {
    who: 'broker',
    change:
      'the broker did not confirm: `broker.publish.attemptMs` and `attempts`, and what is in doubt is not to be repeated blindly.',
  },
  'reply-timeout': {
    who: 'worker',
    change:
      'workers did not answer in time. `workers.*.breaker.consecutive` and `failurePercent` decide how soon this becomes a refusal, `routes.*.timeoutMs` how long clients wait.',
  },
  '500': {
    who: 'worker',
    change: 'workers answered with errors: `workers.*.breaker.failOn` and `failurePercent` decide whether they count.',
  },
  'client-gone': {
    who: 'the client',
    change: 'clients left before their answer: `routes.*.timeoutMs` should be shorter than their patience.',
  },
  'never-sent': {
    who: 'the generator',
    change:
      'the generator could not send in time what was due: this machine is too slow or too busy for such a load, and the figures are worse than the gateway.',
  },
  'connection-lost': { who: 'the network', change: 'connections broke.' },
  'no-connection': {
    who: 'the client',
    change: 'clients had no connection left: that is `connections` of the scenario.',
  },
  'topic-missing': { who: 'broker', change: 'a topic was missing: `broker.createTopics`.' },
}

/** Who refused or failed with this code. */
export const whoOf = (code: string): string => sayings[code]?.who ?? (/^[45]\d\d$/.test(code) ? 'worker' : 'gateway')
/** What it means and what to change; null when nothing is known. */
export const optionsOf = (code: string): string | null => sayings[code]?.change ?? null
