import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { Problem } from '../../src/problem.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { aGateway, openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { folder } from '../help/folder.ts'
import { follow } from '../help/follow.ts'
import { until } from '../help/until.ts'

const withSpool = (file: string, spool: Part = {}): Part => ({
  spool: { file, afterMs: 50, ...spool },
  routes: {
    signal: {
      match: 'POST /signals/:lamp',
      event: { topic: 'signals', key: 'path.lamp' },
      delivery: null,
      spool: true,
    },
  },
})

test('events that come while no broker is reachable are accepted on disk, and forwarded in the order of their key', async t => {
  const file = join(folder(t), 'spool')
  const { ask, admin, broker, gateway } = await openGateway(t, withSpool(file))
  await gateway.ready
  const seen = await follow(t, broker, 'signals')
  broker.outage('Gone for a while')
  for (let n = 0; n < 20; n++) {
    const { status, json, outcome } = await ask(`/signals/${n % 2}`, { body: { n } })
    deepEqual([status, json['spooled'], outcome], [202, true, 'in-doubt'])
  }
  equal(seen.length, 0)
  await until('it is told', async () => (await admin.metrics()).sum('sluice_spool_records') === 20)
  broker.restore()
  await until('all are forwarded', () => seen.length === 20)
  const ofLamp = (lamp: string): readonly number[] =>
    seen
      .filter(({ key }) => key?.toString() === lamp)
      .map(({ value }) => (JSON.parse(String(value)) as { n: number }).n)
  deepEqual(ofLamp('0'), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
  deepEqual(ofLamp('1'), [1, 3, 5, 7, 9, 11, 13, 15, 17, 19])
  await until('events go straight to the brokers again', async () => {
    const { json } = await ask('/signals/0', { body: {} })
    return json['spooled'] === undefined
  })
})

test('what a gateway that was killed had accepted is forwarded by the next one', async t => {
  const file = join(folder(t), 'spool')
  const away = new MemoryBroker()
  t.after(() => away[Symbol.asyncDispose]())
  away.outage()
  const first = await openGateway(t, withSpool(file), { broker: away })
  const { json } = await first.ask('/signals/a', { body: { n: 1 } })
  await first.gateway.stop({ delayMs: 0 })

  const second = await openGateway(t, withSpool(file))
  await second.gateway.ready
  const seen = await follow(t, second.broker, 'signals')
  await until('it is forwarded', () => seen.length === 1)
  equal(seen[0]?.headers.find(([name]) => name === 'ce_id')?.[1].toString(), json['id'])
  equal(
    seen[0]?.headers.some(([name]) => name === 'sluice-expires'),
    false,
    'nobody set a time for it',
  )
})

test('brokers that are slow cost an event no more than the time that the spool gives them', async t => {
  const { ask, broker, gateway } = await openGateway(t, withSpool(join(folder(t), 'spool')))
  await gateway.ready
  broker.slow(Infinity)
  const { status, json } = await ask('/signals/a', { body: {} })
  deepEqual([status, json['spooled']], [202, true])
})

const withCommands = (file: string, route: Part = {}): Part => ({
  spool: { file, afterMs: 50 },
  routes: { 'place-order': { async: 'offer', spool: true, commandTtlMs: 60_000, ...route } },
})
const order = { body: { orderId: 'o-1' }, headers: { prefer: 'respond-async' } }

test('a command that nobody waits for is accepted on disk while no broker is reachable, and done when they are back', async t => {
  const { ask, broker, worker } = await aGateway(t, withCommands(join(folder(t), 'spool')))
  broker.outage()
  const { status, outcome, headers } = await ask('/orders', order)
  deepEqual([status, outcome, headers['preference-applied']], [202, 'in-doubt', 'respond-async'])
  const place = headers.location ?? ''
  const pending = await ask(place)
  deepEqual([pending.status, pending.json['state'], pending.outcome], [202, 'pending', 'in-doubt'])
  deepEqual(
    ((await ask('/operations')).json['operations'] as { id: string }[]).map(({ id }) => `/operations/${id}`),
    [place],
  )
  equal((await ask('/orders', { body: order.body })).code, 'broker-unavailable', 'whoever waits is refused')
  broker.restore()
  const command = await worker.next()
  equal(command.header('sluice-spool-operation'), undefined)
  await command.reply({ status: 201 })
  await until('it is done', async () => (await ask(place)).status === 201)
})

test('a command whose time is over before the brokers are back is never sent, and its operation tells so', async t => {
  const { ask, broker } = await aGateway(
    t,
    withCommands(join(folder(t), 'spool'), { timeoutMs: 200, commandTtlMs: 200 }),
  )
  const seen = await follow(t, broker, 'orders.commands')
  const told = await follow(t, broker, 'sluice.operations')
  broker.outage()
  const { headers } = await ask('/orders', order)
  const place = headers.location ?? ''
  const isOver = async (): Promise<boolean> => {
    const { status, code, outcome } = await ask(place)
    if (status === 202) return false
    deepEqual([status, code, outcome], [410, 'operation-expired', 'not-sent'])
    return true
  }
  await until('it has expired', isOver)
  broker.restore()
  await until('the log tells of it', () => told.some(({ value }) => String(value).includes('"expired"')))
  equal(await isOver(), true)
  equal(seen.length, 0)
})

/** A gateway that was stopped while a command waited on its disk: the file, and the place of the operation. */
async function leftOnDisk(t: TestContext): Promise<Readonly<{ file: string; place: string }>> {
  const file = join(folder(t), 'spool')
  const { ask, broker, gateway } = await aGateway(t, withCommands(file))
  broker.outage()
  const { headers } = await ask('/orders', order)
  await gateway.stop({ delayMs: 0 })
  return { file, place: headers.location ?? '' }
}

test('the next gateway sends the commands that one which was killed had accepted, and their operations are known', async t => {
  const { file, place } = await leftOnDisk(t)
  const second = await aGateway(t, withCommands(file))
  await second.worker.next()
  const { status, json } = await second.ask(place)
  deepEqual([status, json['state']], [202, 'pending'])
})

test('commands of an earlier process that still wait on disk are known', async t => {
  const { file, place } = await leftOnDisk(t)
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const publish = broker.publish.bind(broker)
  broker.publish = async record => {
    if (String(record.value).includes('"accepted"'))
      throw new Problem('publish-timeout', 'Slow.', { outcome: 'not-sent' })
    return await publish(record)
  }
  const second = await openGateway(t, withCommands(file), { broker })
  await second.gateway.ready
  const { status, json, outcome } = await second.ask(place)
  deepEqual([status, json['state'], outcome], [202, 'pending', 'in-doubt'])
  delete (broker as Partial<MemoryBroker>).publish
  await until('the log tells of it', async () => (await second.ask(place)).outcome === 'sent')
})

test('a full spool refuses, and nothing of it is sent', async t => {
  const { ask, broker, gateway } = await openGateway(t, withSpool(join(folder(t), 'spool'), { bytes: 1_048_576 }))
  await gateway.ready
  broker.outage()
  const body = { text: 'x'.repeat(600_000) }
  equal((await ask('/signals/a', { body })).status, 202)
  const { status, code, outcome, json } = await ask('/signals/a', { body })
  deepEqual([status, code, outcome, json['policy']], [503, 'spool-full', 'not-sent', 'spool'])
})

test('a file that cannot be had is told at start, and so is one that another process holds', async t => {
  const path = folder(t)
  await rejects(openGateway(t, withSpool(join(path, 'none', 'spool'))), /The spool .*none\/spool cannot be opened/)
  await openGateway(t, withSpool(join(path, 'spool')))
  await rejects(openGateway(t, withSpool(join(path, 'spool'))), (error: Error) => {
    match(error.message, /Another process holds the spool/)
    return true
  })
})
