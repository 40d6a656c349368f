// npm run trials [-- name …]: what the tests show in small, in full size on a real broker; each promise with its figure.
import { failing, table } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { startKafka } from '../../tools/kafka/cluster.ts'
import type { Scope } from '../help/scope.ts'
import { crossing } from './crossing.ts'
import { deadReader } from './dead-reader.ts'
import { hangUps } from './hang-ups.ts'
import { sharedQuota } from './shared-quota.ts'
import { silent } from './silent.ts'
import { twin } from './twin.ts'

/** `alone`: wants no Kafka. */
type Trial = Readonly<{ title: string; alone?: true; run: (t: Scope, brokers: string) => Promise<readonly Figure[]> }>

const trials: Readonly<Record<string, Trial>> = {
  crossing: {
    title: '200,000 requests through two gateways on one broker',
    run: (t, brokers) => crossing(t, { brokers, requests: 200_000, clients: 64 }),
  },
  twin: {
    title: 'One of two gateways is killed -9 under load',
    run: (t, brokers) => twin(t, { brokers, perSecond: 200, beforeMs: 10_000, afterMs: 20_000, anywayMs: 0 }),
  },
  silent: {
    title: 'The worker is stopped at 300 requests/s',
    run: (t, brokers) =>
      silent(t, {
        brokers,
        perSecond: 300,
        slots: 512,
        timeoutMs: 5_000,
        openMs: 5_000,
        silentMs: 40_000,
        afterMs: 30_000,
        quickMs: 20,
      }),
  },
  'hang-ups': {
    title: '10,000 clients that hang up after 50 ms',
    run: (t, brokers) => hangUps(t, { brokers, clients: 10_000, perSecond: 500, slots: 512, timeoutMs: 5_000 }),
  },
  'dead-reader': {
    title: 'Our own reader of replies is dead for ten seconds',
    run: (t, brokers) => deadReader(t, { brokers, perSecond: 200, deadMs: 10_000, afterMs: 5_000, quickMs: 50 }),
  },
  'shared-quota': {
    title: 'Two instances at a quota of 1,000/s, Redis stopped and restarted empty',
    alone: true,
    run: t => sharedQuota(t, { steadyMs: 31_000, outageMs: 5_100, afterMs: 10_100, costUs: 50 }),
  },
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(trials)
const unknown = names.filter(name => trials[name] === undefined)
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}; there are ${Object.keys(trials).join(', ')}.`)
  process.exit(1)
}

const alone = names.every(name => trials[name]?.alone)
await using cluster = alone ? null : await startKafka({ defaults: true })
for (const name of names) {
  const { title, run } = trials[name]!
  await using held = new AsyncDisposableStack()
  const figures = await run({ after: end => held.defer(end) }, cluster?.brokers ?? '')
  console.log(`${table(title, figures)}\n`)
  if (failing(figures).length > 0) process.exitCode = 1
}
