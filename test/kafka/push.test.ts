import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aborter } from '../../src/aborter.ts'
import { client } from '../help/ask.ts'
import { anOrder } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { aReceiver } from '../help/receiver.ts'
import { sluice } from '../help/sluice.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const count = 300
const connections = 4

/** The configuration of a test: starts instances of it, each a process. */
async function starter(t: TestContext, config: object) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-push-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, JSON.stringify(config)) // which is YAML too
  return async () => {
    const process = sluice(t, ['start', file])
    const { url, admin } = await process.places()
    const [front, back] = [client(url), client(admin)]
    t.after(() => [front, back].forEach(one => one[Symbol.dispose]()))
    await until('it is ready', async () => (await back.ask('/readyz')).status === 200, 30_000)
    return { ask: front.ask, process }
  }
}

test(
  'an instance is killed while it pushes and calls back: another goes on, and nothing is lost',
  { skip: kafka.skip },
  async t => {
    const [events, commands] = [fresh('orders.events'), fresh('orders.commands')]
    const subscriber = await aReceiver(t, (_got, res) => void setTimeout(() => res.writeHead(204).end(), 5))
    const caller = await aReceiver(t, () => 503)
    const signingKey = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`
    const start = await starter(t, {
      server: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0 },
      broker: { brokers: kafka.brokers },
      replies: { topic: fresh('gateway.replies') },
      egress: { allow: ['127.0.0.1'] },
      operations: {
        topic: fresh('operations'),
        replies: fresh('operations.replies'),
        callbacks: {
          group: fresh('callbacks'),
          receivers: { shop: { origin: caller.url, signingKey } },
          retryMs: 100,
          retryCapMs: 500,
        },
      },
      workers: { orders: { topic: commands } },
      routes: {
        'place-order': { match: 'POST /orders', command: { to: 'orders' }, async: 'offer', commandTtlMs: 60_000 },
      },
      push: { shop: { topic: events, url: subscriber.url, group: fresh('push'), from: 'earliest', connections } },
    })
    const first = await start()
    const broker = await kafkaBroker(t, kafka.brokers, [events, commands])
    const worker = await handWorker(t, broker, commands)
    const prefer = `respond-async, callback; url="${caller.url}/done"`
    equal((await first.ask('/orders', { body: anOrder, headers: { prefer } })).status, 202)
    await (await worker.next()).reply({ status: 201 })
    for (let n = 0; n < count; n++) {
      const key = Buffer.from(`k-${n % 30}`)
      const partition = broker.partitionFor(events, key)
      const record = { topic: events, partition, key, value: Buffer.from(String(n)), headers: [] }
      await broker.publish({ ...record, acks: 'all', signal: new Aborter() })
    }
    await until('both are under way', () => subscriber.got.length > 60 && caller.got.length > 0, 20_000)
    first.process.kill('SIGKILL')
    await first.process.ended
    const before = subscriber.got.length
    caller.script = () => 204
    const calls = caller.got.length
    ok(before < count, `${before} were pushed before it was killed`)
    await start()
    const seen = (): ReadonlySet<string> => new Set(subscriber.bodies)
    await until('all events are there', () => seen().size === count, 40_000)
    await until('the callback is there', () => caller.got.length > calls, 40_000)
    // what was delivered since the last commit comes again, with the same id
    t.diagnostic(`${subscriber.got.length - count} of ${count} events came twice`)
    const late = subscriber.got.slice(before).map(({ headers }) => String(headers['ce-id']))
    equal(new Set(late).size, late.length, 'the second instance sends nothing twice')
    equal(caller.got.length, calls + 1)
  },
)
