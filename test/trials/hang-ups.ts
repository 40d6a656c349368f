import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { figure, note } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { header } from '../help/record.ts'
import { freshTopics, kafkaBroker } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'
import { player, residentMiB } from './stage.ts'

export type HangUpOptions = Readonly<{
  brokers: string
  clients: number
  perSecond: number
  slots: number
  timeoutMs: number
}>

const patienceMs = 50

/** Clients that hang up after 50 ms, and a worker that never answers: the topic must not fill with what nobody wants. */
export async function hangUps(t: Scope, options: HangUpOptions): Promise<readonly Figure[]> {
  const { brokers, clients, perSecond, slots, timeoutMs } = options
  const topics = freshTopics()
  const set = [
    `workers.orders.bulkhead.slots=${slots}`,
    'workers.orders.bulkhead.limit=fixed', // the worker is silent, and the limit would fall
    'workers.orders.bulkhead.partitionPercent=100', // all have one key
    'workers.orders.breaker.mode=off', // it would do the bulkhead's work
    `routes.place-order.timeoutMs=${timeoutMs}`,
    `broker.publish.attemptMs=${Math.min(500, timeoutMs / 2)}`,
    'broker.publish.attempts=1',
  ]
  const gateway = await player(t, { brokers, topics, set })
  const commands: { at: number; expires: number }[] = []
  const reader = await kafkaBroker(t, brokers, [topics.commands])
  const reading = await reader.subscribe({ topic: topics.commands, partitions: 'all', from: 'earliest' }, record => {
    commands.push({ at: record.timestamp, expires: Number(header(record.headers, 'sluice-expires')) })
  })
  t.after(() => reading[Symbol.asyncDispose]())

  const { port } = new URL(gateway.url)
  const body = '{"orderId":"o-1","amount":42}'
  const request = `POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  let gone = 0
  const hangUp = (): void => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => gone++)
    socket.write(request)
    setTimeout(() => socket.destroy(), patienceMs)
  }
  const memory = residentMiB(gateway.run.pid)
  const begun = performance.now()
  for (let sent = 0; sent < clients; await sleep(5))
    for (const due = Math.min(clients, ((performance.now() - begun) * perSecond) / 1_000); sent < due; sent++) hangUp()
  await until('every client has gone', () => gone === clients, 30_000)
  await until(
    'every slot is free',
    async () => (await gateway.admin.metrics()).sum('sluice_in_flight') === 0,
    timeoutMs + 10_000,
  )
  const metrics = await gateway.admin.metrics()
  const ends = await reader.admin.ends(topics.commands)
  const written = Number(ends.reduce((sum, end) => sum + end, 0n))
  await until('every command is read', () => commands.length === written)
  const most = mostAtOnce(commands)
  return [
    figure('unexpired commands in the topic at once', `≤ ${slots} slots`, most, most <= slots),
    figure('commands in the topic', '> 0', written, written > 0),
    figure('alarms left', '≤ 5', metrics.sum('sluice_alarms'), metrics.sum('sluice_alarms') <= 5),
    note(
      'clients gone before anything was sent, and after',
      ['not-sent', 'sent']
        .map(outcome => metrics.sum('sluice_calls_total', { code: 'client-gone', outcome }))
        .join(', '),
    ),
    note('refused', String(metrics.sum('sluice_refusals_total', { policy: 'bulkhead' }))),
    note('resident memory', `${memory.toFixed(0)} → ${residentMiB(gateway.run.pid).toFixed(0)} MiB`),
  ]
}

/** How many of the spans hold the same moment at most; what ends when another begins does not. */
function mostAtOnce(spans: readonly Readonly<{ at: number; expires: number }>[]): number {
  const steps = spans.flatMap(({ at, expires }) => [[at, 1] as const, [expires, -1] as const])
  steps.sort(([a, up], [b, down]) => a - b || up - down)
  let now = 0
  let most = 0
  for (const [, step] of steps) most = Math.max(most, (now += step))
  return most
}
