// A gateway in one Kafka cluster, its workers in another, MirrorMaker 2 between them: npm run mirror:long.
import { after, before, suite, test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '../../config/load.ts'
import { ordersOn } from '../../examples/two-clusters/orders.ts'
import { start } from '../../src/app.ts'
import type { Gateway } from '../../src/app.ts'
import { serve } from '../../src/worker/index.ts'
import type { Serving } from '../../src/worker/index.ts'
import { startClusters } from '../../tools/mirror/clusters.ts'
import type { Clusters } from '../../tools/mirror/clusters.ts'
import { client } from '../help/ask.ts'
import type { Answer, Ask } from '../help/ask.ts'
import { withoutKafka } from '../help/kafka.ts'
import { listenTo } from '../help/listener.ts'
import { until } from '../help/until.ts'

const example = join(import.meta.dirname, '..', '..', 'examples', 'two-clusters', 'gateway.yaml')
const soonMs = 30_000
const againMs = 120_000
const places = (count: number, prefix: string): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`)
const quantile = (all: readonly number[], share: number): string =>
  `${Math.round(all.toSorted((one, other) => one - other)[Math.floor(all.length * share)] ?? NaN)} ms`
const notPending = (answer: Answer): Answer | null => (answer.status === 202 ? null : answer)

suite('a gateway in one cluster, its workers in another', { skip: withoutKafka(), timeout: 600_000 }, () => {
  const runs = new Map<string, number>() // of the handler, by order
  let clusters: Clusters
  let gateway: Gateway
  let worker: Serving
  let ask: Ask
  const place = (orderId: string, headers = {}): Promise<Answer> => ask('/orders', { headers, body: { orderId } })
  const gatewayIn = async (brokers: string): Promise<Gateway> => {
    const set = ['server.port=0', 'admin.port=0', 'log.level=error', 'overload.mode=off']
    const { config, mistakes } = parse(readFileSync(example, 'utf8'), example, { env: { KAFKA_A: brokers }, set })
    deepEqual(mistakes, [])
    const opening = await start(config!)
    opened.defer(() => opening.stop({ delayMs: 0 }))
    return opening
  }
  const completed = (operation: string): Promise<Answer> =>
    until(`${operation} completes`, async () => notPending(await ask(operation)), againMs)
  const opened = new AsyncDisposableStack()

  before(async () => {
    clusters = opened.use(await startClusters(line => console.log(line)))
    const { addresses, b } = clusters
    gateway = await gatewayIn(addresses.KAFKA_A)
    b.start(['orders.events', 'orders.state'])
    const handle = ordersOn(b)
    worker = opened.use(
      await serve({ broker: b, topic: 'a.orders.commands', group: 'orders', mirrored: true }, (command, context) => {
        const { orderId = '' } = command.route === 'price' ? command.params : (command.json() as { orderId?: string })
        runs.set(orderId, (runs.get(orderId) ?? 0) + 1)
        return handle(command, context)
      }),
    )
    await gateway.ready
    ;({ ask } = opened.use(client(gateway.url)))
    await until('the way there and back is open', async () => (await place('first')).status === 201, soonMs)
  })
  after(() => opened.disposeAsync())

  test('commands and queries cross the clusters, and everybody gets the own answer', async () => {
    const [ids, ms]: [readonly string[], number[]] = [places(300, 'o-'), []]
    const own = async (id: string): Promise<void> => {
      const placed = await place(id)
      deepEqual([placed.status, placed.json['orderId'], placed.outcome], [201, id, 'sent'])
      const { status, json } = await ask(`/orders/${id}/price`)
      deepEqual([status, json['orderId']], [200, id])
      ms.push(placed.ms)
    }
    for (let n = 0; n < ids.length; n += 10) await Promise.all(ids.slice(n, n + 10).map(own))
    console.log(`300 commands, ten at once, over both clusters: p50 ${quantile(ms, 0.5)}, p99 ${quantile(ms, 0.99)}`)
    const alone: number[] = []
    for (const id of places(50, 'alone-')) alone.push((await place(id)).ms)
    console.log(`50 commands, one after the other: p50 ${quantile(alone, 0.5)}, p99 ${quantile(alone, 0.99)}`)
    for (const id of ids) equal(runs.get(id), 2, id) // the command and the query
  })

  test('events come into the other cluster under its name', async () => {
    const { b } = clusters
    const { status } = await ask('/signals', { body: { lamp: 'on' } })
    equal(status, 202)
    b.start(['a.orders.signals'])
    const read = async (): Promise<readonly string[]> => {
      const ends = await b.past.offsets('a.orders.signals', 'end')
      const pages = ends.map((_, partition) =>
        b.past.page({ topic: 'a.orders.signals', partition, from: 0n, maxBytes: 65_536 }),
      )
      return (await Promise.all(pages)).flatMap(({ records }) => records.map(({ value }) => String(value)))
    }
    await until('it is there', async () => (await read().catch(() => [])).length > 0, soonMs)
    deepEqual(await read(), ['{"lamp":"on"}'])
  })

  test('what workers write in their cluster is a stream and a view in that of the gateway', async t => {
    const listener = await listenTo(t, `${gateway.url}/orders/events`).open()
    await place('shown')
    await until('it is told', () => listener.data.includes('{"type":"placed","orderId":"shown"}'), soonMs)
    await until('it is shown', async () => (await ask('/orders/shown')).status === 200, soonMs)
    deepEqual((await ask('/orders/shown')).json, { orderId: 'shown', state: 'placed' })
    const all = await listenTo(t, `${gateway.url}/orders/events?from=earliest&until=now`).open()
    await all.event('end')
    const told = all.data.map(text => (JSON.parse(text) as { orderId: string }).orderId)
    for (const id of places(300, 'o-')) ok(told.includes(id), id)
  })

  test('while MirrorMaker is killed and starts again, nobody gets the answer of somebody else, and each command runs once', async () => {
    const { mirror } = clusters
    const before = worker.counters.duplicates
    const ids = places(100, 'k-')
    const asked: Promise<Answer>[] = []
    for (const id of ids.slice(0, 40)) asked.push(place(id))
    await until('some are answered', () => runs.has('k-5'), soonMs)
    await mirror.kill9()
    const query = ask('/orders/k-0/price')
    for (const id of ids.slice(40)) asked.push(place(id))
    const answers = await Promise.all(asked)
    const cut = await query
    deepEqual([cut.status, cut.code, cut.outcome], [504, 'reply-timeout', 'sent'])
    mirror.launch()
    await clusters.flows()
    const ran = new Set<string>()
    const counts = { answered: 0, accepted: 0, refused: 0 }
    for (const [n, answer] of answers.entries()) {
      const id = ids[n] ?? ''
      if (answer.outcome === 'not-sent') {
        counts.refused++ // as slots are few while nobody answers
        continue
      }
      ran.add(id)
      if (answer.status === 201) {
        counts.answered++
        deepEqual([answer.json['orderId'], answer.outcome], [id, 'sent'])
        continue
      }
      counts.accepted++
      deepEqual([answer.status, answer.outcome], [202, 'sent'], answer.text)
      const done = await completed(String(answer.headers['location']))
      deepEqual([done.status, done.json['orderId']], [201, id])
    }
    ok(counts.accepted >= 10, JSON.stringify(counts))
    await until('the way is open', async () => (await place('after')).status === 201, soonMs)
    for (const id of ids) equal(runs.get(id) ?? 0, ran.has(id) ? 1 : 0, id) // and the query of k-0 had expired
    const twice = worker.counters.duplicates - before
    ok(twice > 0, 'MirrorMaker brings what it had not noted again')
    console.log(`killed amid 100 commands: ${JSON.stringify(counts)}, ${twice} came to the worker twice`)
  })

  test('who comes to the other cluster is told that positions are not of that one', async t => {
    const listener = listenTo(t, `${gateway.url}/orders/events?from=earliest`)
    await until('a position is known', () => listener.data.length >= 100, soonMs)
    listener.close()
    const { headers } = await place('last')
    const other = await gatewayIn(clusters.addresses.KAFKA_B)
    await other.ready
    const again = listenTo(t, `${other.url}/orders/events`, { headers: { 'last-event-id': listener.lastId } })
    await until('all comes', () => again.data.length > 400, soonMs)
    const gaps = again.heard.filter(({ event }) => event === 'gap').map(({ data }) => data)
    equal(gaps.length, 3)
    for (const gap of gaps) ok(gap.includes('"recreated"'), gap)
    using there = client(other.url)
    const position = { 'sluice-position': String(headers['sluice-position']) }
    const refused = await there.ask('/orders/last', { headers: position })
    deepEqual([refused.status, refused.code], [410, 'position-gone'])
    equal((await there.ask('/orders/last')).status, 200)
  })
})
