import { playPeer } from '../help/peers.ts'
import { maven } from '../help/recipes.ts'

const quarkus = {
  example: 'quarkus',
  recipe: maven('target/quarkus-app/quarkus-run.jar'),
  ready: /Adding newly assigned partitions/,
}

playPeer({
  ...quarkus,
  title: 'Quarkus 3.33.2',
  rows: {
    answer: ['returns a payload with `sluice-status`', '201 · application/json · {"orderId":"o-1","amount":42}'],
    'no body': ['returns a payload', '200 · application/json · {"orderId":"o-1","amount":42}'],
    refusal: ['returns a payload with `sluice-status`', '404 · application/json · {"error":"no order unknown"}'],
    exception: ['throws, and `failure-strategy=ignore` goes on with the next', '504 reply-timeout (sent)'],
    null: ['returns a payload of null, of which its serializer makes JSON', '200 · application/json · null'],
    slow: ['answers after 300 ms', '200 · application/json · {"orderId":"slow","amount":42}'],
    silent: ['returns null, of which SmallRye makes no record', '504 reply-timeout (sent)'],
    afterwards: ['returns a payload', '200 · application/json · {"orderId":"o-1","amount":42}'],
  },
})

playPeer({
  ...quarkus,
  title: 'Quarkus 3.33.2, with its default failure strategy',
  env: { MP_MESSAGING_INCOMING_ORDERS_FAILURE_STRATEGY: 'fail' },
  rows: {
    answer: ['returns a payload with `sluice-status`', '201 · application/json · {"orderId":"o-1","amount":42}'],
    'no body': ['returns a payload', '200 · application/json · {"orderId":"o-1","amount":42}'],
    refusal: ['returns a payload with `sluice-status`', '404 · application/json · {"error":"no order unknown"}'],
    exception: ['throws: its channel stops for good, while the process lives', '504 reply-timeout (sent)'],
    null: ['reads no more', '504 reply-timeout (sent)'],
    slow: ['reads no more', '504 reply-timeout (sent)'],
    silent: ['reads no more', '504 reply-timeout (sent)'],
    afterwards: ['reads no more', '504 reply-timeout (sent)'],
  },
})
