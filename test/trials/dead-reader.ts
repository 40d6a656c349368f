import { setTimeout as sleep } from 'node:timers/promises'
import { figure, none, note, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { freshTopics } from '../help/onkafka.ts'
import { KafkaProxy } from '../../src/lab/proxy.ts'
import type { Scope } from '../help/scope.ts'
import { openLoop, percentile } from './riders.ts'
import { echo, player } from './stage.ts'

export type DeadReaderOptions = Readonly<{
  brokers: string
  perSecond: number
  deadMs: number
  afterMs: number
  quickMs: number
}>

/** The connection that reads our replies is cut, and each that would replace it; everything else goes on. */
export async function deadReader(t: Scope, options: DeadReaderOptions): Promise<readonly Figure[]> {
  const { brokers, perSecond, deadMs, afterMs, quickMs } = options
  const topics = freshTopics()
  const proxy = await KafkaProxy.open(brokers)
  t.after(() => proxy.close())
  const gateway = await player(t, { brokers: proxy.address, topics, set: ['workers.orders.breaker.consecutive=3'] })
  await echo(t, { brokers, topics }, [gateway])
  const load = openLoop(gateway.ask, 'o', perSecond)
  await sleep(2_000)
  proxy.refuse('fetch')
  const cut = performance.now()
  await sleep(deadMs)
  const during = await gateway.admin.ready()
  const changes = (await gateway.admin.metrics()).sum('sluice_circuit_changes_total', { circuit: 'orders' })
  proxy.heal()
  const healed = performance.now()
  await sleep(afterMs)
  const rides = (await load.stop()).toSorted((a, b) => a.begun - b.begun)
  const refused = rides.filter(({ begun, code }) => begun > cut && begun < healed && code === 'not-ready')
  const first = refused[0]
  const victims = rides.filter(({ code }) => code === 'reply-timeout')
  const well = rides.find(({ begun, right }) => begun > healed && right)
  const [p99, noticedMs] = [percentile(refused, 99), first === undefined ? Infinity : first.begun + first.ms - cut]
  const after = rides.filter(({ begun }) => begun > healed + afterMs / 2)
  return [
    timed('first 503 after the reader died', `≤ ${quickMs} ms`, `${noticedMs.toFixed(1)} ms`, noticedMs <= quickMs),
    timed('503 while it is dead, p99', `≤ ${quickMs} ms`, `${p99.toFixed(1)} ms of ${refused.length}`, p99 <= quickMs),
    none(
      'of those not `not-sent`',
      '0',
      refused.length,
      refused.filter(({ outcome }) => outcome !== 'not-sent').map(({ outcome }) => outcome),
    ),
    figure('changes of the worker’s circuit', '0', changes, changes === 0),
    figure('/readyz meanwhile', '503', [during.status, ...during.reasons].join(' '), during.status === 503),
    note('calls under way that lost their reply', String(victims.length)),
    note(
      'first answer after it could live again',
      well === undefined ? 'never' : `${(well.begun + well.ms - healed).toFixed(0)} ms`,
    ),
    none(
      'not answered in the second half after',
      '0',
      after.length,
      after.filter(({ right }) => !right).map(({ status, code }) => `${status} ${code}`),
    ),
  ]
}
