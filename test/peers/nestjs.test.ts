import { playPeer } from '../help/peers.ts'
import { npm } from '../help/recipes.ts'

playPeer({
  title: 'NestJS 12, microservices 12.1.1',
  example: 'nestjs',
  recipe: npm('dist/main.js'),
  ready: /Nest microservice successfully started/,
  rows: {
    answer: ['returns a value with headers', '201 · application/json · {"orderId":"o-1","amount":42}'],
    'no body': ['returns the order', '200 · application/json · {"orderId":"o-1","amount":42}'],
    refusal: [
      'throws an `RpcException` with a status',
      '404 · application/problem+json · {"type":"about:blank","title":"Not Found","status":404,"detail":"no order unknown"}',
    ],
    exception: [
      'throws; Nest tells nobody why',
      '500 · application/problem+json · {"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Internal server error"}',
    ],
    null: ['returns null', '200 · without body'],
    slow: ['answers after 300 ms', '200 · application/json · {"orderId":"slow","amount":42}'],
    silent: ['returns an observable that never ends', '504 reply-timeout (sent)'],
    afterwards: [
      'waits: Nest handles one command after the other, and the last one never ends',
      '504 reply-timeout (sent)',
    ],
  },
})
