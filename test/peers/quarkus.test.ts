import { playPeer } from '../help/peers.ts'
import { maven } from '../help/recipes.ts'

playPeer({
  title: 'Quarkus 3.33.2',
  name: 'quarkus',
  recipe: maven('target/quarkus-app/quarkus-run.jar'),
  ready: /Adding newly assigned partitions/,
  rows: {
    answer: ['returns a payload with `sluice-status`', '201 · application/json · {"orderId":"o-1","amount":42}'],
    'no body': ['returns a payload', '200 · application/json · {"orderId":"o-1","amount":42}'],
    refusal: ['returns a payload with `sluice-status`', '404 · application/json · {"error":"no order unknown"}'],
    exception: [
      'throws, with `failure-strategy=ignore`. With the default its channel stops for good',
      '504 reply-timeout (sent)',
    ],
    null: ['returns a payload of null, of which its serializer makes JSON', '200 · application/json · null'],
    slow: ['answers after 300 ms', '200 · application/json · {"orderId":"slow","amount":42}'],
    silent: ['returns null, of which SmallRye makes no record', '504 reply-timeout (sent)'],
    afterwards: ['returns a payload', '200 · application/json · {"orderId":"o-1","amount":42}'],
  },
})
