import { Config } from '../../config/schema/index.ts'

/** A configuration with a route of every kind, and every feature that a document tells of. */
export const everything = Config.parse({
  api: { title: 'Shop', version: '2.1.0', expose: true },
  broker: { brokers: 'kafka-1:9092, kafka-2:9092', tls: true },
  server: { tls: { certFile: 'cert', keyFile: 'key', clientCaFile: 'ca' } },
  spool: { file: 'spool' },
  identity: {
    providers: {
      shop: { jwt: { issuer: 'https://issuer', audience: 'shop', jwks: { url: 'https://issuer/jwks' } } },
      partners: { apiKeys: { file: 'keys' } },
      machines: { certificate: {} },
      tills: { basic: { file: 'users' } },
    },
  },
  workers: {
    orders: { topic: 'orders.commands', group: 'orders', quota: { requests: 100 } },
    stock: { topic: 'stock.commands', dialect: 'spring' },
    prices: { topic: 'prices.commands', dialect: 'zilla' },
    quotes: {
      topic: 'quotes.commands',
      dialect: 'custom',
      custom: { correlation: 'x-id', replyTopic: 'x-to', replyPartition: 'x-partition', partitionEncoding: 'int32' },
    },
  },
  processes: {
    trip: {
      steps: [
        { name: 'pay', to: 'orders', undo: {} },
        { name: 'pack', to: 'stock' },
      ],
    },
  },
  routes: {
    'place-order': {
      match: 'POST /orders',
      identity: 'required',
      scopes: ['orders:write'],
      command: { to: 'orders', key: 'body.orderId' },
      contentTypes: ['application/json'],
      idempotency: { key: 'required' },
      async: 'offer',
      quota: { requests: 10 },
    },
    'read-order': {
      match: 'GET /orders/:orderId',
      identity: 'optional',
      query: { to: 'orders', key: 'path.orderId', positions: true },
    },
    'drop-order': { match: 'DELETE /orders/:orderId', command: { to: 'orders', key: 'path.orderId' } },
    'pay-order': {
      match: 'POST /payments',
      command: { to: 'orders', key: 'body.orderId' },
      replies: { topic: 'payments.events', outcomes: { 'payment.taken': 201, 'payment.refused': 402 } },
    },
    compare: { match: 'GET /quotes/:item', query: { to: 'orders' }, gather: { also: ['stock'], as: 'object' } },
    'book-trip': { match: 'POST /trips', process: { run: 'trip', key: 'body.trip' } },
    report: { match: 'POST /reports', command: { to: 'stock' }, async: 'always' },
    stock: { match: 'GET /stock/:shop/:item', query: { to: 'stock' }, fallback: [{ upstream: { url: 'http://old' } }] },
    price: { match: 'GET /prices/:item', query: { to: 'prices' }, deadlineHeader: 'x-patience-ms' },
    quote: {
      match: 'PUT /quotes/:id',
      command: { to: 'quotes', key: 'header.x-customer' },
      requestHeaders: ['x-trace'],
    },
    signal: { match: 'POST /signals', event: { topic: 'signals', key: 'body.lamp', expose: true }, spool: true },
    events: { match: 'POST /events', event: { topic: 'events', cloudEvents: true, batch: {} } },
    'one-lamp': { match: 'GET /states/:lamp', view: { topic: 'lamps.state', key: 'path.lamp' } },
    'all-lamps': { match: 'GET /states', view: { topic: 'lamps.state', index: { room: '/room' } } },
    lamps: {
      match: 'GET /lamps/:lamp',
      stream: {
        topics: ['signals'],
        filter: [
          { of: 'key', equals: 'path.lamp' },
          { of: '/on', equals: 'query.on' },
        ],
      },
      delivery: 'replayable',
    },
  },
})
