import { test } from 'node:test'
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { join } from 'node:path'
import { load } from '../../config/load.ts'
import { start } from '../../src/app.ts'
import { client } from '../help/ask.ts'
import { built } from '../help/built.ts'
import { startChild } from '../help/child.ts'
import { follow } from '../help/follow.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { listenTo } from '../help/listener.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { maven, without } from '../help/recipes.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const example = join(import.meta.dirname, '..', '..', 'examples', 'kafka-streams')
const recipe = maven('target/counter-1.jar')
const soonMs = 20_000

test(
  'a Kafka Streams application counts orders: its alerts are streamed, its counts shown, and its answers correlated',
  { skip: kafka.skip || without('Kafka Streams', recipe), timeout: 600_000 },
  async t => {
    const folder = await built('kafka-streams', recipe)
    if (folder === null) return t.skip('examples/kafka-streams could not be built.')
    const topics = Object.fromEntries(
      ['ORDERS', 'COUNTS', 'ALERTS', 'QUESTIONS', 'ANSWERS', 'ID'].map(name => [
        `COUNTER_${name}`,
        fresh(name.toLowerCase()),
      ]),
    )
    const env = { ...topics, KAFKA_BROKERS: kafka.brokers, COUNTER_WINDOW_S: '86400' }
    const set = ['server.host=127.0.0.1', 'server.port=0', 'admin.port=0', 'log.level=silent', 'overload.mode=off']
    set.push(`replies.topic=${fresh('gateway.replies')}`, 'routes.allowance.timeoutMs=20000')
    const { config, mistakes } = load(join(example, 'gateway.yaml'), { set, env })
    if (config === null) throw new Error(JSON.stringify(mistakes))
    const gateway = await start(config)
    t.after(() => gateway.stop({ delayMs: 0 }))
    await gateway.ready
    using asking = client(gateway.url)
    const { ask } = asking
    const worker = await startChild({ command: recipe.run, cwd: folder, env, ready: /^Counting orders/ })
    t.after(() => worker[Symbol.asyncDispose]())
    const broker = await kafkaBroker(t, kafka.brokers)
    const orders = await follow(t, broker, topics['COUNTER_ORDERS'] ?? '')
    const alerts = await follow(t, broker, topics['COUNTER_ALERTS'] ?? '')
    const listener = await listenTo(t, `${gateway.url}/alerts`).open()
    const order = async (customer: string): Promise<void> =>
      equal((await ask('/orders', { body: { customer, amount: 42 } })).status, 202)
    const counted = (customer: string, count: number) =>
      until(
        `${customer} has ${count}`,
        async () => {
          const answer = await ask(`/counts/${customer}`)
          return answer.status === 200 && answer.json['orders'] === count ? answer : null
        },
        soonMs,
      )
    const left = async (customer: string): Promise<unknown> => {
      const { status, json } = await ask(`/customers/${customer}/allowance`)
      return [status, json['left']]
    }

    await t.test('the counts are a view, in which each order shows', async () => {
      await order('bob')
      for (let n = 0; n < 3; n++) await order('ada')
      const three = await counted('ada', 3)
      await order('ada')
      const four = await counted('ada', 4)
      notEqual(three.headers['etag'], four.headers['etag'])
      const { items } = (await ask('/counts')).json as { items: { key: string; value: { orders: number } }[] }
      deepEqual(
        items.map(({ key, value }) => [key, value.orders]),
        [
          ['ada', 4],
          ['bob', 1],
        ],
      )
    })

    await t.test('a customer who orders three times in a window raises one alert, which a browser hears', async () => {
      const alert = await until('the alert has come', () => listener.data[0], soonMs)
      const { customer, orders: count } = JSON.parse(alert) as { customer: string; orders: number }
      deepEqual([customer, count, listener.data.length], ['ada', 3, 1])
    })

    await t.test('an alert has the headers of the order that raised it', async () => {
      const idOf = (headers: readonly (readonly [string, Buffer])[]): string =>
        String(headers.find(([name]) => name === 'ce_id')?.[1])
      const ofAda = (seen: typeof orders) => seen.filter(({ key }) => String(key) === 'ada')
      await until('both are read', () => ofAda(orders).length === 4 && alerts.length === 1, soonMs)
      equal(idOf(alerts[0]!.headers), idOf(ofAda(orders)[2]!.headers))
    })

    await t.test('each who asks gets the answer to his own question', async () => {
      deepEqual(await left('ada'), [200, 0])
      const asked = Array.from({ length: 60 }, (_, n) => ['ada', 'bob', `nobody-${n}`][n % 3] ?? '')
      const of: Readonly<Record<string, number>> = { ada: 0, bob: 2 }
      deepEqual(
        await Promise.all(asked.map(left)),
        asked.map(customer => [200, of[customer] ?? 3]),
      )
    })
  },
)
