import { before } from 'node:test'
import { fetchJars } from '../../tools/kafka/java.ts'
import { playPeer } from '../help/peers.ts'
import { plainJava } from '../help/recipes.ts'

before(() => fetchJars(line => console.error(line)))

playPeer({
  title: 'Java, kafka-clients 4.3.1',
  example: 'java-plain',
  recipe: plainJava('OrdersWorker.java'),
  ready: /^joined/,
  rows: {
    answer: ['says 201 in `sluice-status`', '201 · application/json · {"orderId":"o-1","amount":42}'],
    'no body': ['says 200', '200 · application/json · {"orderId":"o-1","amount":42}'],
    refusal: ['says 404', '404 · application/json · {"error":"no such order"}'],
    exception: [
      'throws; its loop catches and says 500',
      '500 · application/json · {"error":"the order service failed"}',
    ],
    null: ['says 204, with a null value', '204 · without body'],
    slow: ['answers after 300 ms', '200 · application/json · {"orderId":"slow","amount":42}'],
    silent: ['sends nothing', '504 reply-timeout (sent)'],
    afterwards: ['says 200', '200 · application/json · {"orderId":"o-1","amount":42}'],
  },
})
