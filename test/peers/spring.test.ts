import { playPeer } from '../help/peers.ts'
import { maven } from '../help/recipes.ts'

playPeer({
  title: 'Spring Boot 4.1.2',
  example: 'spring',
  recipe: maven('target/orders-1.jar'),
  ready: /partitions assigned/,
  rows: {
    answer: ['returns a message with `sluice-status`', '201 · application/json · {"orderId":"o-1","amount":42}'],
    'no body': ['returns a message', '200 · application/json · {"orderId":"o-1","amount":42}'],
    refusal: ['returns a message with `sluice-status`', '404 · application/json · {"error":"no order unknown"}'],
    exception: [
      'throws; a `KafkaListenerErrorHandler` answers',
      '500 · application/json · {"error":"the order service failed"}',
    ],
    null: ['returns null, of which Spring makes no record', '504 reply-timeout (sent)'],
    slow: ['answers after 300 ms', '200 · application/json · {"orderId":"slow","amount":42}'],
    silent: ['returns null', '504 reply-timeout (sent)'],
    afterwards: ['returns a message', '200 · application/json · {"orderId":"o-1","amount":42}'],
  },
})
