import { dialectNames, dialectOf } from '../../src/bridge/wire/dialect.ts'
import type { Dialect } from '../../src/bridge/wire/dialect.ts'

/** Every dialect by name, and one of one's own. */
export const dialects: readonly (readonly [name: string, dialect: Dialect])[] = [
  ...dialectNames.map(name => [name, name] as const),
  [
    'custom',
    dialectOf({
      dialect: 'custom',
      custom: {
        correlation: 'X-Id',
        replyTopic: 'X-Reply-Topic',
        replyPartition: 'X-Reply-Partition',
        partitionEncoding: 'int32',
        status: 'X-Status',
        error: 'X-Error',
      },
    }),
  ],
]

export const route = {
  route: 'place-order',
  template: '/orders/:orderId',
  instance: 'host-9090',
  reply: { topic: 'gateway.replies', partition: 7 },
}
export const told = {
  method: 'POST',
  path: '/orders/o%2D1',
  query: 'a=1&b',
  params: [['orderId', 'o-1']],
  headers: [['accept-language', 'de']],
  contentType: 'application/json',
  trace: [['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']],
} as const
