import { figure, none, note, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { freshTopics } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { closedLoop, percentile } from './riders.ts'
import { echo, player } from './stage.ts'

export type CrossingOptions = Readonly<{ brokers: string; requests: number; clients: number }>

/** Two gateways on one broker, with one reply topic between them, and a worker that echoes: everybody gets his own answer. */
export async function crossing(t: Scope, { brokers, requests, clients }: CrossingOptions): Promise<readonly Figure[]> {
  const cast = { brokers, topics: freshTopics() }
  const [a, b] = [
    // partitions by name are the same once in twelve times, which is right but not what is counted here
    await player(t, { ...cast, set: ['instance.id=a', 'instance.ordinal=0'] }),
    await player(t, { ...cast, set: ['instance.id=b', 'instance.ordinal=1'] }),
  ]
  await echo(t, cast, [a, b])
  const begun = performance.now()
  const rides = (
    await Promise.all([a, b].map(({ ask }, i) => closedLoop(ask, 'ab'[i]!, requests / 2, clients / 2)))
  ).flat()
  const seconds = (performance.now() - begun) / 1_000
  const replied = rides.filter(({ status }) => status === 201)
  const others = rides.filter(({ status }) => status !== 201)
  const strangers = await Promise.all(
    [a, b].map(async ({ admin }) => {
      const metrics = await admin.metrics()
      return ['foreign', 'forged', 'stale', 'unmarked'].map(name =>
        metrics.sum('sluice_replies_total', { class: name }),
      )
    }),
  )
  return [
    none(
      'answers with another request’s order',
      '0',
      replied.length,
      replied.filter(({ right }) => !right).map(String),
    ),
    figure(
      'replies of another gateway, of nobody or forged',
      '0',
      strangers.flat().join(),
      strangers.flat().every(n => n === 0),
    ),
    timed(
      'not answered by the worker: the machine was too slow',
      '≤ 0.5 %',
      `${others.length} of ${rides.length} ${[...new Set(others.map(({ status, code }) => `${status} ${code}`))].join()}`,
      others.length <= rides.length / 200,
    ),
    note('requests/s of both', `${Math.round(rides.length / seconds)}`),
    note('p50, p99', `${percentile(rides, 50).toFixed(1)} ms, ${percentile(rides, 99).toFixed(1)} ms`),
    ...[a, b].map(({ readyMs }, i) =>
      timed(`gateway ${'ab'[i]} ready, from its start`, '≤ 6 s', `${(readyMs / 1_000).toFixed(1)} s`, readyMs <= 6_000),
    ),
  ]
}
