import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { handWorker } from '../help/hand.ts'
import { openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const over: Part = {
  admin: { port: 0, token: 'secret-of-operators' },
  workers: { flights: { topic: 'flights.commands' }, hotels: { topic: 'hotels.commands' } },
  processes: {
    trip: {
      steps: [
        { name: 'flight', to: 'flights', attempts: 2, backoffMs: 1, undo: {} },
        { name: 'hotel', to: 'hotels', when: { of: '/night', equals: true } },
        { name: 'mail', to: 'flights', body: 'process' },
      ],
    },
  },
  routes: {
    'book-trip': {
      match: 'POST /trips',
      process: { run: 'trip', key: 'body.trip' },
      timeoutMs: 2_000,
      idempotency: {},
    },
  },
}

async function trips(t: TestContext, broker = new MemoryBroker()) {
  const opened = await openGateway(t, over, { broker })
  await opened.gateway.ready
  const [flights, hotels] = [
    await handWorker(t, broker, 'flights.commands'),
    await handWorker(t, broker, 'hotels.commands'),
  ]
  return { ...opened, flights, hotels }
}
const aTrip = { trip: 't-1', to: 'Rome' }

test('a process is done step by step, and answered with what its steps said', async t => {
  const { ask, flights, hotels } = await trips(t)
  const asked = ask('/trips', { body: aTrip })
  const flight = await flights.next()
  deepEqual([flight.key, flight.header('ce_type')], ['t-1', 'trip.flight'])
  await flight.reply({ status: 201, body: '{"seat":"4A","night":true}' })
  await (await hotels.next()).reply({ body: '{"room":7}' })
  const mail = await flights.next()
  deepEqual(JSON.parse(mail.body), {
    request: aTrip,
    steps: { flight: { seat: '4A', night: true }, hotel: { room: 7 } },
  })
  await mail.reply({ status: 204, body: '' })
  const answer = await asked
  deepEqual([answer.status, answer.outcome], [200, 'sent'])
  deepEqual(answer.json, {
    process: 'trip',
    steps: [
      { name: 'flight', state: 'done', status: 201, reply: { seat: '4A', night: true } },
      { name: 'hotel', state: 'done', status: 200, reply: { room: 7 } },
      { name: 'mail', state: 'done', status: 204, reply: null },
    ],
  })
})

test('a step whose condition does not hold is skipped', async t => {
  const { ask, flights } = await trips(t)
  const asked = ask('/trips', { body: aTrip })
  await (await flights.next()).reply({ body: '{"night":false}' })
  await (await flights.next()).reply({ body: '' })
  const steps = (await asked).json['steps'] as { state: string }[]
  deepEqual(
    steps.map(({ state }) => state),
    ['done', 'skipped', 'done'],
  )
})

test('a client that does not wait sees the process as an operation with its steps', async t => {
  const { ask, flights, hotels } = await trips(t)
  const answer = await ask('/trips', { body: aTrip, headers: { prefer: 'respond-async' } })
  equal(answer.status, 202)
  const place = answer.headers.location!
  deepEqual([answer.json['process'], answer.json['phase']], ['trip', 'forward'])
  await (await flights.next()).reply({ body: '{"night":true}' })
  const hotel = await hotels.next()
  const refused = await ask(place, { method: 'DELETE' })
  deepEqual([refused.status, refused.code], [409, 'operation-running'])
  const { json } = await ask(place)
  equal(json['expires'], undefined)
  deepEqual(json['steps'], [
    { name: 'flight', state: 'done', status: 200 },
    { name: 'hotel', state: 'running' },
    { name: 'mail', state: 'waiting' },
  ])
  await hotel.reply({ status: 409, body: '{"why":"full"}' })
  await (await flights.next()).reply({})
  const end = await ask(place, { headers: { prefer: 'wait=10' } })
  deepEqual([end.status, end.code, end.headers['sluice-operation']], [409, 'process-refused', 'failed'])
  match(String(end.json['detail']), /^hotel answered 409: what was done has been undone\.$/)
  deepEqual(end.json['steps'], [
    { name: 'flight', state: 'undone', status: 200 },
    { name: 'hotel', state: 'refused', status: 409 },
    { name: 'mail', state: 'waiting' },
  ])
})

test('a repeated request with one key runs the process once', async t => {
  const { ask, flights } = await trips(t)
  const send = () => ask('/trips', { body: aTrip, headers: { 'idempotency-key': '"k"' } })
  const first = send()
  await (await flights.next()).reply({ body: '{}' })
  await (await flights.next()).reply({ body: '' })
  const again = await (await first, send())
  deepEqual([again.status, again.headers['idempotency-replayed'], flights.commands.length], [200, 'true', 2])
})

test('an operator sees what is parked, and resumes it with the token', async t => {
  const { ask, admin, flights, hotels } = await trips(t)
  const { headers } = await ask('/trips', { body: aTrip, headers: { prefer: 'respond-async' } })
  await (await flights.next()).reply({ body: '{"night":true}' })
  await (await hotels.next()).reply({ status: 404 })
  await (await flights.next()).reply({ status: 422 })
  const parked = async () => (await admin.ask('/processes')).json['parked'] as { id: string; cause: string }[]
  const [{ id, cause } = { id: '', cause: '' }] = await until('it is parked', async () => {
    const all = await parked()
    return all.length > 0 ? all : null
  })
  equal(cause, 'hotel answered 404; undoing it failed: flight answered 422')
  const resume = (token: string, body: object) =>
    admin.ask(`/processes/${id}`, { method: 'PUT', headers: { authorization: `Bearer ${token}` }, body })
  equal((await resume('wrong', { resume: true })).status, 401)
  equal((await resume('secret-of-operators', {})).status, 400)
  equal((await resume('secret-of-operators', { resume: true })).status, 200)
  await (await flights.next()).reply({})
  equal((await ask(headers.location!, { headers: { prefer: 'wait=10' } })).code, 'process-refused')
  deepEqual(await parked(), [])
  const metrics = await admin.metrics()
  deepEqual(
    ['parked', 'undone', 'done'].map(to => metrics.sum('sluice_processes_total', { process: 'trip', to })),
    [1, 1, 0],
  )
})

test('an instance that stops leaves its processes to the others', async t => {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const { gateway, ask, flights } = await trips(t, broker)
  const asked = ask('/trips', { body: aTrip })
  const flight = await flights.next()
  const stopping = gateway.stop({ delayMs: 0 })
  const answer = await asked
  equal(answer.status, 202)
  await stopping
  await flight.reply({ body: '{}' })
  const other = await openGateway(t, over, { broker })
  await other.gateway.ready
  const mail = await flights.next()
  await mail.reply({ body: '' })
  equal((await other.ask(answer.headers.location!, { headers: { prefer: 'wait=20' } })).status, 200)
})

test('a reply that the log could not keep counts as a failure, and is undone', async t => {
  const { ask, flights } = await trips(t)
  const asked = ask('/trips', { body: aTrip })
  flights.always(
    command =>
      void command.reply(
        command.header('ce_type') === 'trip.flight' ? { body: JSON.stringify('x'.repeat(262_144)) } : { body: '{}' },
      ),
  )
  const answer = await asked
  deepEqual([answer.status, answer.json['phase'] ?? answer.code], [502, 'undone'])
})
