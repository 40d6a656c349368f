/** What happens in order, and one sentence about it. c, p and w are the three lanes, bars part the steps: see tools/pictures.ts. */
export type Way = Readonly<{ steps: string; says: string }>
export type Scene = Readonly<{ lanes: readonly [string, string, string]; happy: Way; unhappy: Way }>

/** The picture of each policy. */
export const scenes: Readonly<Record<string, Scene>> = {
  drain: {
    lanes: ['client', 'drain', 'worker'],
    happy: {
      steps:
        'c>p POST /orders | p>w command | p: SIGTERM: /readyz says no | w>p reply | p>c 201 | p: nobody is inside: exit 0',
      says: 'What is inside is finished before the process ends.',
    },
    unhappy: {
      steps:
        'p: SIGTERM, and delayMs is over | c>p POST /orders | p! takes nothing new | p>c 503 draining | c: asks another one',
      says: 'Nothing was sent: repeating on another instance is safe.',
    },
  },
  deadline: {
    lanes: ['client', 'deadline', 'worker'],
    happy: {
      steps: 'c>p POST, waits 5 s | p>w command | w>p reply after 0.2 s | p>c 201',
      says: 'The clock of the client includes queue and publishing.',
    },
    unhappy: {
      steps:
        'c>p POST, waits 5 s | p>w command | p! 5 s are over | p>c 504 reply-timeout | w>p reply after 6 s | p: counted as late, and dropped',
      says: 'The client is told the truth: sent, so it may still run.',
    },
  },
  quota: {
    lanes: ['client', 'quota', 'worker'],
    happy: {
      steps: 'c>p call 100 | p: the 100th of this second fits | p>w command | w>p reply | p>c 201',
      says: 'RateLimit tells the client what is left.',
    },
    unhappy: {
      steps:
        'c>p call 101 | p! the bucket is empty | p>c 429 rate-limited | c: waits Retry-After | c>p call 102 | p>w command',
      says: 'Only the client that asks too much is refused.',
    },
  },
  lease: {
    lanes: ['calls', 'instance', 'Redis'],
    happy: {
      steps:
        'p>w lease a portion | w>p granted | c>p each spends one | p: no call waits for Redis | p>w give the rest back',
      says: 'All instances together stay within one total.',
    },
    unhappy: {
      steps:
        'p~w lease a portion | p! Redis is silent | c>p each spends one | p: from quota ÷ instances | p>w lease a portion',
      says: 'Redis may be slow, gone or empty: calls go on.',
    },
  },
  replay: {
    lanes: ['client', 'replay', 'worker'],
    happy: {
      steps:
        'c>p POST, key 8e03 | p: first claim in the log | p>w command | w>p reply | p~c 201 | c>p POST, key 8e03 | p>c 201 replayed',
      says: 'A client that lost its answer asks again: it runs once.',
    },
    unhappy: {
      steps:
        'c>p POST, key 8e03 | p>w command | c>p POST, key 8e03 | p! the first still runs | p>c 409 | c>p key 8e03, other body | p>c 422',
      says: 'Another instance decides the same: the log says who was first.',
    },
  },
  fallback: {
    lanes: ['client', 'fallback', 'worker'],
    happy: {
      steps: 'c>p GET /orders/7 | p>w query | w>p 200 | p: keeps it, as its headers allow | p>c 200',
      says: 'A copy is for bad times only: the worker is always asked.',
    },
    unhappy: {
      steps: 'c>p GET /orders/7 | p! further in the circuit is open | p: the copy is 40 s old | p>c 200 Age: 40',
      says: 'Cache-Status says that it is stale, and why.',
    },
  },
  gate: {
    lanes: ['client', 'gate', 'worker'],
    happy: {
      steps: 'c>p POST /orders | p: 2 members, no lag, circuit closed | p>w command | w>p reply | p>c 201',
      says: 'A look at what is known already: no call waits for it.',
    },
    unhappy: {
      steps: 'w: dies | p: sees an empty group | c>p POST /orders | p! nobody would serve it | p>c 503 no-worker',
      says: 'Refused at once: no slot, no command, no wait for a deadline.',
    },
  },
  bulkhead: {
    lanes: ['client', 'bulkhead', 'worker'],
    happy: {
      steps:
        'c>p call 513 | p: 512 in flight: waits | w>p reply to another | p: a slot is free after 12 ms | p>w command | w>p reply | p>c 201',
      says: 'A short peak waits a moment, and is served.',
    },
    unhappy: {
      steps:
        'c>p 3 × too many calls | p: replies are slow: fewer slots | p! no slot within 100 ms | p>c 503 bulkhead-full | p>w those that fit | w>p replies in time | p>c 201',
      says: 'Some are refused early, so that the others are served in time.',
    },
  },
  breaker: {
    lanes: ['client', 'breaker', 'worker'],
    happy: {
      steps: 'c>p POST /orders | p: closed | p>w command | w>p reply | p: counts a success | p>c 201',
      says: 'A 4xx of the worker is a success too: it works.',
    },
    unhappy: {
      steps:
        'p! 5 failures in a row: opens | c>p POST /orders | p>c 503 circuit-open | p: 5 s later: half-open | c>p POST /orders | p>w probe | w>p reply | p: closed again',
      says: 'Everything but the probe is refused at once.',
    },
  },
  retry: {
    lanes: ['client', 'retry', 'broker'],
    happy: {
      steps:
        'c>p POST /orders | p>w produce | w>p not the leader | p: not-sent: waits up to 100 ms | p>w produce | w>p acknowledged',
      says: 'What is certainly not in the topic is published again.',
    },
    unhappy: {
      steps:
        'c>p POST /orders | p~w produce | p! no answer: it may be there | p>c 504 publish-timeout | c: decides itself',
      says: 'What may be in the topic is in-doubt, and never sent again.',
    },
  },
  repetition: {
    lanes: ['client', 'hedge', 'worker'],
    happy: {
      steps:
        'c>p GET /price | p>w query | p: silent for longer than the p95 | p>w the same query | w>p reply to either | p>c 200',
      says: 'A slow member of the group does not make the client wait.',
    },
    unhappy: {
      steps:
        'c>p GET /price | p>w query | p: silent for longer than the p95 | p! the budget is spent | w>p reply, slow | p>c 200',
      says: 'When all are slow, more load would only make it worse.',
    },
  },
  attempt: {
    lanes: ['publishing', 'attempt', 'broker'],
    happy: {
      steps: 'c>p publish | p>w produce | w>p acknowledged, 4 ms | p>c done',
      says: 'One attempt, well within attemptMs.',
    },
    unhappy: {
      steps: 'c>p publish | p~w produce | p! 1 s without a word | p>c 504 publish-timeout | c: the circuit counts',
      says: 'A broker that hangs is a broker that fails.',
    },
  },
  overload: {
    lanes: ['client', 'overload', 'the rest'],
    happy: {
      steps: 'c>p POST, headers | p: event loop 3 ms late | c>p body | p>w call | w>p reply | p>c 201',
      says: 'Asked after the headers, before the body is read.',
    },
    unhappy: {
      steps:
        'c>p sheddable call | p! event loop 120 ms late | p>c 503 overloaded | c>p critical call | p>w call | w>p reply | p>c 201',
      says: 'The least important goes first; /livez is always answered.',
    },
  },
  faults: {
    lanes: ['client', 'faults', 'worker'],
    happy: {
      steps: 'c>p POST /orders | p: no rule strikes | p>w command | w>p reply | p>c 201',
      says: 'Off, it is not in the stack at all.',
    },
    unhappy: {
      steps: 'c>p POST /orders | p>w command | w>p reply | p! lost-reply strikes: 5 % | p>c 504 reply-timeout',
      says: 'Circuit and limit meet it as if the worker had been silent.',
    },
  },
}
