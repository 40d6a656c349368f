import { playPeer } from '../help/peers.ts'
import { python } from '../help/recipes.ts'

playPeer({
  title: 'FastStream 0.7.8',
  example: 'faststream',
  recipe: python('orders.py'),
  ready: /started/,
  rows: {
    answer: [
      'returns a `KafkaResponse` with `sluice-status`',
      '201 · application/json · {"orderId":"o-1","amount":42}',
    ],
    'no body': ['returns the order', '200 · application/json · {"orderId":"o-1","amount":42}'],
    refusal: [
      'returns a `KafkaResponse` with `sluice-status`',
      '404 · application/json · {"error":"no order unknown"}',
    ],
    exception: [
      'raises; an `ExceptionMiddleware` answers',
      '500 · application/json · {"error":"the order service failed"}',
    ],
    null: ['returns None', '200 · without body'],
    slow: ['answers after 300 ms', '200 · application/json · {"orderId":"slow","amount":42}'],
    silent: ['raises `AckMessage`', '504 reply-timeout (sent)'],
    afterwards: ['returns the order', '200 · application/json · {"orderId":"o-1","amount":42}'],
  },
})
