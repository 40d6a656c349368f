import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { fresh, useKafka } from '../help/kafka.ts'
import { Listener } from '../help/listener.ts'
import { gatewayOnKafka } from '../help/onkafka.ts'

const kafka = useKafka()
const { skip } = kafka
const generous = { skip, timeout: 60_000 } as const

test(
  'on Kafka a client that is cut, and whose gateway restarts, hears each record once and in order',
  generous,
  async t => {
    const topic = fresh('orders')
    const routes = {
      'read-order': null,
      put: { match: 'POST /put/:id', event: { topic, key: 'path.id', partitions: 6 } },
      feed: {
        match: 'GET /feed',
        stream: { topics: [topic], partitions: 6, windowRecords: 20 },
        delivery: 'replayable',
      },
    }
    let opened = await gatewayOnKafka(t, kafka.brokers, { routes })
    const ledger: number[] = []
    let sent = 0
    let id = ''
    for (let round = 0; round < 12; round++) {
      if (round === 6) {
        await opened.gateway.stop({ delayMs: 0 })
        opened = await gatewayOnKafka(t, kafka.brokers, { routes })
      }
      const { ask, gateway } = opened
      const headers = id === '' ? undefined : { 'last-event-id': id }
      const listener = new Listener(`${gateway.url}/feed${id === '' ? '?from=earliest' : ''}`, headers && { headers })
      for (let n = 0; n < 20; n++) equal((await ask(`/put/k${sent % 7}`, { body: `${sent++}` })).status, 202)
      const wanted = round === 11 ? sent - ledger.length : 1 + Math.floor(Math.random() * 15)
      await listener.messages(wanted)
      listener.close()
      ledger.push(...listener.data.map(Number))
      id = listener.lastId
    }
    equal(new Set(ledger).size, ledger.length, 'none twice')
    deepEqual(
      ledger.toSorted((a, b) => a - b),
      Array.from({ length: sent }, (_, n) => n),
    )
    for (let key = 0; key < 7; key++) {
      const some = ledger.filter(n => n % 7 === key)
      deepEqual(
        some,
        some.toSorted((a, b) => a - b),
      )
    }
  },
)

test('on Kafka a view is built from what there is, and shows who writes what he has written', generous, async t => {
  const topic = fresh('orders.state')
  const routes = {
    'read-order': null,
    put: { match: 'POST /put/:id', event: { topic, key: 'path.id' } },
    view: { match: 'GET /view/:id', view: { topic, key: 'path.id' } },
  }
  const first = await gatewayOnKafka(t, kafka.brokers, { routes })
  for (let n = 0; n < 50; n++) {
    const { headers } = await first.ask(`/put/${n % 10}`, { body: { n } })
    const position = { 'sluice-position': String(headers['sluice-position']) }
    equal((await first.ask(`/view/${n % 10}`, { headers: position })).text, JSON.stringify({ n }))
  }
  const { headers } = await first.ask('/view/3')
  const second = await gatewayOnKafka(t, kafka.brokers, { routes })
  const read = await second.ask('/view/3')
  deepEqual([read.text, read.headers.etag], ['{"n":43}', headers.etag], 'the same on every instance')
})
