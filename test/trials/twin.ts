import { setTimeout as sleep } from 'node:timers/promises'
import { figure, none, note, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { freshTopics } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { freePort } from '../help/sluice.ts'
import { openLoop, percentile } from './riders.ts'
import { echo, player } from './stage.ts'

export type TwinOptions = Readonly<{
  brokers: string
  perSecond: number
  beforeMs: number
  afterMs: number
  anywayMs: number // a p99 that is never too much, however short the one before
}>

/** One of two gateways on one broker is killed -9 under load, and its successor, of the same name, is started. */
export async function twin(
  t: Scope,
  { brokers, perSecond, beforeMs, afterMs, anywayMs }: TwinOptions,
): Promise<readonly Figure[]> {
  const cast = { brokers, topics: freshTopics() }
  const named = ['instance.id=lost', `admin.port=${await freePort()}`]
  const lost = await player(t, { ...cast, set: named })
  const left = await player(t, { ...cast, set: ['instance.id=left'] })
  await echo(t, cast, [lost, left])
  const [doomed, load] = [openLoop(lost.ask, 'lost', perSecond), openLoop(left.ask, 'left', perSecond)]
  await sleep(beforeMs)
  const killed = performance.now()
  lost.run.kill('SIGKILL')
  const ending = doomed.stop()
  const successor = await player(t, { ...cast, set: named })
  const first = await successor.ask('/orders', { body: { orderId: 'first', amount: 1 } })
  await sleep(Math.max(0, killed + afterMs - performance.now()))
  const rides = await load.stop()
  await ending
  const before = rides.filter(({ begun, ms }) => begun + ms < killed)
  const after = rides.filter(({ begun, ms }) => begun + ms >= killed)
  const p99 = [percentile(before, 99), percentile(after, 99)] as const
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  return [
    none(
      'errors of the other',
      '0',
      rides.length,
      rides.filter(({ right }) => !right).map(({ status, code }) => `${status} ${code}`),
    ),
    timed(
      'p99 of the other, after ÷ before',
      '≤ 2',
      `${(p99[1] / p99[0]).toFixed(2)} (${p99.map(ms).join(' → ')})`,
      p99[1] <= Math.max(anywayMs, 2 * p99[0]),
    ),
    note('p50 of the other', `${ms(percentile(before, 50))} → ${ms(percentile(after, 50))}`),
    timed(
      'successor ready, from its start',
      '≤ 6 s',
      `${(successor.readyMs / 1_000).toFixed(1)} s`,
      successor.readyMs <= 6_000,
    ),
    figure('its first answer', '201', first.status, first.status === 201),
  ]
}
