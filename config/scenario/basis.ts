/** What a gateway of the laboratory is configured as, where a scenario says nothing else; what is not said here is as shipped. */
export const basis = {
  server: { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1/32'] },
  admin: { host: '127.0.0.1', port: 0 },
  instance: { id: 'lab' },
  broker: { brokers: '', publish: { attemptMs: 500 } },
  replies: { topic: 'lab.replies' },
  workers: { orders: { topic: 'lab.commands', group: 'lab.workers' } },
  routes: {
    'place-order': { match: 'POST /orders', command: { to: 'orders', key: 'body.orderId' }, timeoutMs: 2_000 },
  },
  log: { requests: false },
  drain: { delayMs: 0, limitMs: 1_000 },
} as const
