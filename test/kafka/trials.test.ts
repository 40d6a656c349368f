import { test } from 'node:test'
import { useOwnKafka } from '../help/kafka.ts'
import { crossing } from '../trials/crossing.ts'
import { deadReader } from '../trials/dead-reader.ts'
import { hangUps } from '../trials/hang-ups.ts'
import { holds } from '../trials/holds.ts'
import { silent } from '../trials/silent.ts'
import { twin } from '../trials/twin.ts'

// the short form of `npm run trials`, on a broker with Kafka's own defaults; what a clock measures has room for a busy machine

const kafka = useOwnKafka({ defaults: true })
const options = { skip: kafka.skip, timeout: 240_000 }

test('20,000 requests through two gateways on one broker: no answer crosses over', options, t =>
  holds(t, () => crossing(t, { brokers: kafka.brokers, requests: 20_000, clients: 64 })),
)

test(
  'one of two gateways is killed: the other notices nothing, and the successor is ready within six seconds',
  options,
  t =>
    holds(t, () => twin(t, { brokers: kafka.brokers, perSecond: 50, beforeMs: 4_000, afterMs: 6_000, anywayMs: 150 })),
)

test('a worker that stops costs as many clients as there are slots, and one for each probe', options, t =>
  holds(t, () =>
    silent(t, {
      brokers: kafka.brokers,
      perSecond: 100,
      slots: 40,
      timeoutMs: 1_000,
      openMs: 1_000,
      silentMs: 6_000,
      afterMs: 8_000,
      quickMs: 150,
    }),
  ),
)

test('a thousand clients that hang up leave no more unexpired commands in the topic than there are slots', options, t =>
  holds(t, () => hangUps(t, { brokers: kafka.brokers, clients: 1_000, perSecond: 250, slots: 50, timeoutMs: 1_000 })),
)

test('while our own reader is dead, calls are refused within 50 ms and the worker is not blamed', options, t =>
  holds(t, () => deadReader(t, { brokers: kafka.brokers, perSecond: 50, deadMs: 3_000, afterMs: 3_000, quickMs: 150 })),
)
