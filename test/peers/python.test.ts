import { playPeer } from '../help/peers.ts'
import { python } from '../help/recipes.ts'

playPeer({
  title: 'Python, confluent-kafka 2.16.1',
  example: 'python-plain',
  recipe: python('orders.py'),
  ready: /joined/,
  rows: {
    answer: ['says 201 in `sluice-status`', '201 · application/json · {"orderId": "o-1", "amount": 42}'],
    'no body': ['says 200', '200 · application/json · {"orderId": "o-1", "amount": 42}'],
    refusal: ['says 404', '404 · application/json · {"error": "no order unknown"}'],
    exception: [
      'throws; its loop catches and says 500',
      '500 · application/json · {"error": "the order service failed"}',
    ],
    null: ['says 204, with a null value', '204 · without body'],
    slow: ['answers after 300 ms', '200 · application/json · {"orderId": "slow", "amount": 42}'],
    silent: ['sends nothing', '504 reply-timeout (sent)'],
    afterwards: ['says 200', '200 · application/json · {"orderId": "o-1", "amount": 42}'],
  },
})
