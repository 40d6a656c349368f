import { setTimeout as sleep } from 'node:timers/promises'
import { figure, none, note, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { freshTopics } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { openLoop, percentile } from './riders.ts'
import { Heap, echo, player, residentMiB } from './stage.ts'

export type SilentOptions = Readonly<{
  brokers: string
  perSecond: number
  slots: number
  timeoutMs: number
  openMs: number
  silentMs: number
  afterMs: number
  quickMs: number // what a refusal may take
}>

/** The worker's process is stopped (SIGSTOP) under load, and goes on later. */
export async function silent(t: Scope, options: SilentOptions): Promise<readonly Figure[]> {
  const { brokers, perSecond, slots, timeoutMs, openMs, silentMs, afterMs, quickMs } = options
  const heap = new Heap()
  const cast = {
    env: heap.env,
    brokers,
    topics: freshTopics(),
    set: [
      `workers.orders.bulkhead.slots=${slots}`,
      `workers.orders.breaker.openMs=${openMs}`,
      `workers.orders.breaker.openMaxMs=${openMs}`, // else the last probe may be as far off as the silence was long
      `routes.place-order.timeoutMs=${timeoutMs}`,
      `broker.publish.attemptMs=${Math.min(500, timeoutMs / 2)}`,
      'broker.publish.attempts=1',
    ],
  }
  const gateway = await player(t, cast)
  const pid = await echo(t, cast, [gateway])
  const load = openLoop(gateway.ask, 'o', perSecond)
  await sleep(3_000)
  const { pid: gatewayPid } = gateway.run
  const resident = [residentMiB(gatewayPid)]
  const stopped = performance.now()
  process.kill(pid, 'SIGSTOP')
  const live: number[] = []
  for (let i = 0; i < 2; i++) {
    await sleep(silentMs / 2)
    resident.push(residentMiB(gatewayPid))
    live.push(await heap.liveMiB(gatewayPid))
  }
  process.kill(pid, 'SIGCONT')
  const back = performance.now()
  await sleep(afterMs)
  const rides = await load.stop()
  const metrics = await gateway.admin.metrics()

  const during = rides.filter(({ begun }) => begun >= stopped - 5 && begun < back)
  const victims = during.filter(({ code }) => code === 'reply-timeout')
  // the circuit opens with the first silences; who begins after that and is not refused is a probe
  const opened = Math.min(...victims.map(({ begun, ms }) => begun + ms)) + 100
  const probes = victims.filter(({ begun }) => begun > opened)
  const refused = during.filter(({ begun, status }) => begun > opened && status === 503)
  const full = during.filter(({ begun, code }) => begun <= opened && code === 'bulkhead-full')
  const first = rides.filter(({ begun, right }) => right && begun > back).toSorted((a, b) => a.begun - b.begun)[0]
  const last = rides.filter(({ begun }) => begun > back + afterMs / 2)
  const mostProbes = Math.ceil((silentMs - (opened - stopped)) / (timeoutMs + openMs)) + 1
  const p99 = percentile(refused, 99)
  const [half, whole] = live as [number, number]
  return [
    figure(
      'victims until the circuit opens',
      `≤ ${slots} slots`,
      victims.length - probes.length,
      victims.length - probes.length <= slots,
    ),
    timed('later refusals, p99', `≤ ${quickMs} ms`, `${p99.toFixed(1)} ms of ${refused.length}`, p99 <= quickMs),
    figure('victims later, one for each probe', `≤ ${mostProbes}`, probes.length, probes.length <= mostProbes),
    none(
      'answers that were neither',
      '0',
      during.length,
      during
        .filter(({ right, status, code }) => !right && status !== 503 && code !== 'reply-timeout')
        .map(({ status, code }) => `${status} ${code}`),
    ),
    none(
      'refusals that were not `not-sent`',
      '0',
      refused.length,
      refused.filter(({ outcome }) => outcome !== 'not-sent').map(({ outcome }) => outcome),
    ),
    note(
      'refused while every slot was taken, p50, p99',
      `${full.length}: ${percentile(full, 50).toFixed(1)}, ${percentile(full, 99).toFixed(1)} ms`,
    ),
    figure(
      'heap after collection, in the second half of the silence',
      'flat: ≤ 10 % more',
      `${half.toFixed(1)} → ${whole.toFixed(1)} MiB`,
      whole - half <= half / 10,
    ),
    note('resident memory, garbage and all', resident.map(mib => `${mib.toFixed(0)} MiB`).join(' → ')),
    note(
      'first answer after the worker went on',
      first === undefined ? 'never' : `${((first.begun + first.ms - back) / 1_000).toFixed(1)} s`,
    ),
    none(
      'not answered by the worker in the second half after',
      '0',
      last.length,
      last.filter(({ right }) => !right).map(({ status, code }) => `${status} ${code}`),
    ),
    figure('slots taken at the end', '0', metrics.sum('sluice_in_flight'), metrics.sum('sluice_in_flight') === 0),
  ]
}
