import { playPeer } from '../help/peers.ts'
import { maven } from '../help/recipes.ts'

playPeer({
  title: 'Camel 4.22.0',
  example: 'camel',
  recipe: maven('target/orders-1.jar'),
  ready: /Adding newly assigned partitions/,
  rows: {
    answer: [
      'sets `sluice-status`, and its data format `Content-Type`',
      '201 · application/json · {"orderId":"o-1","amount":42}',
    ],
    'no body': ['says 200', '200 · application/json · {"orderId":"o-1","amount":42}'],
    refusal: [
      'throws `NoSuchElementException`, of which an `onException` makes 404',
      '404 · application/json · {"error":"no order unknown"}',
    ],
    exception: [
      'throws; an `onException` answers 500',
      '500 · application/json · {"error":"the order service failed"}',
    ],
    null: ['returns null, of which the data format makes JSON', '200 · application/json · null'],
    slow: ['answers after 300 ms', '200 · application/json · {"orderId":"slow","amount":42}'],
    silent: ['stops the route of this command', '504 reply-timeout (sent)'],
    afterwards: ['says 200', '200 · application/json · {"orderId":"o-1","amount":42}'],
  },
})
