import { test } from 'node:test'
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { aGateway, openGateway } from '../help/gateway.ts'
import { fakeRegistry } from '../help/registry.ts'
import { bytes } from '../help/record.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const fields = [
  { name: 'orderId', type: 'string' },
  { name: 'amount', type: 'long' },
]
const record = JSON.stringify({ type: 'record', name: 'Order', fields })
const latest = '/subjects/orders.commands-value/versions/latest'
const answers = { [latest]: { id: 7, schema: record }, '/schemas/ids/7': { schema: record } }
const order = { orderId: 'o-1', amount: 5 }
const framed = '0000000007066f2d310a'

async function opened(t: Scope, over: object = {}, given: object = answers) {
  const registry = await fakeRegistry(t, { ...given })
  const config = {
    registry: { url: registry.url, kind: 'confluent', timeoutMs: 10_000, ...over },
    routes: { 'place-order': { schema: { request: { registry: 'topic' }, reply: { registry: 'id' } } } },
  }
  return { registry, config }
}

test('clients speak JSON, the topic the schema of its subject, with its id in front', async t => {
  const { registry, config } = await opened(t)
  const { ask, worker } = await aGateway(t, config)
  const asked = ask('/orders', { body: order })
  const command = await worker.next()
  equal(Buffer.from(command.record.value ?? []).toString('hex'), framed)
  await command.reply({ body: command.record.value as Uint8Array })
  const { json, headers } = await asked
  deepEqual([json, headers['content-type']], [order, 'application/json'])
  equal((await ask('/orders', { body: { orderId: 'o-1', amount: 'x' } })).code, 'schema-violation')
  deepEqual(registry.asked, [latest])
})

test('what is known keeps working while the registry is away, and what is not is told and asked for once', async t => {
  const { registry, config } = await opened(t)
  const { ask, worker } = await aGateway(t, config)
  registry.becomes('broken')
  let reply = Buffer.from(framed, 'hex')
  worker.always(command => void command.reply({ body: reply }))
  for (let i = 0; i < 20; i++) equal((await ask('/orders', { body: order })).status, 200)
  reply = Buffer.from('0000000009066f2d310a', 'hex')
  for (let i = 0; i < 20; i++) {
    const { status, code, outcome, json, headers } = await ask('/orders', { body: order })
    deepEqual([status, code, outcome], [503, 'schema-unavailable', 'sent'])
    match(String(json['detail']), /^The schema of the schema id 9 cannot be had/)
    match(String(headers['retry-after']), /^(30|2\d)$/)
  }
  deepEqual(registry.asked, [latest, '/schemas/ids/9'])
})

test('a schema that a reply is the first to name is looked for, and then known', async t => {
  const { registry, config } = await opened(t)
  registry.answers['/schemas/ids/8'] = { schema: '"string"' }
  const { ask, worker } = await aGateway(t, config)
  worker.always(command => void command.reply({ body: Buffer.from('0000000008', 'hex') }))
  equal((await ask('/orders', { body: order })).code, 'bad-reply')
  worker.always(command => void command.reply({ body: Buffer.from('00000000080261', 'hex') }))
  for (let i = 0; i < 3; i++) equal((await ask('/orders', { body: order })).text, '"a"')
  deepEqual(registry.asked, [latest, '/schemas/ids/8'])
})

test('an incompatible version of a subject is told body by body, and one that does not compile changes nothing', async t => {
  const { registry, config } = await opened(t, { subjectTtlMs: 100 })
  const { ask, worker } = await aGateway(t, config)
  worker.always(command => void command.reply({ body: command.record.value as Uint8Array }))
  equal((await ask('/orders', { body: order })).status, 200)
  const wider = record.replace(']', ',{"name":"currency","type":"string"}]')
  registry.answers[latest] = { id: 8, schema: wider }
  registry.answers['/schemas/ids/8'] = { schema: wider }
  const refused = await until('the new version is known', async () => {
    const answer = await ask('/orders', { body: order })
    return answer.status === 200 ? null : answer
  })
  deepEqual([refused.status, refused.code, refused.outcome], [422, 'schema-violation', 'not-sent'])
  match(JSON.stringify(refused.json['errors']), /currency/)
  const priced = { ...order, currency: 'EUR' }
  deepEqual((await ask('/orders', { body: priced })).json, priced)
  registry.answers[latest] = { id: 9, schema: '{"type":"record"}' }
  const before = registry.asked.length
  await until('it is looked for', async () => {
    deepEqual((await ask('/orders', { body: priced })).json, priced)
    return registry.asked.length > before
  })
  deepEqual((await ask('/orders', { body: priced })).json, priced)
})

test('a reply without an id is the failure of the worker; a refusal in JSON passes', async t => {
  const { config } = await opened(t)
  const { ask, worker } = await aGateway(t, config)
  worker.always(command => void command.reply({ body: bytes('{}') }))
  const { code, json } = await ask('/orders', { body: order })
  deepEqual(
    [code, json['detail']],
    ['bad-reply', 'orders answered with what its schema does not allow: carries no id of a schema'],
  )
  worker.always(command => void command.reply({ status: 409, body: bytes('{}') }))
  equal((await ask('/orders', { body: order })).status, 409)
})

test('a registry that is down at the start is asked again when it is needed, at most every thirty seconds', async t => {
  const { registry, config } = await opened(t, { retryMs: 200 })
  registry.becomes('broken')
  const { ask, worker } = await aGateway(t, config)
  const first = await ask('/orders', { body: order })
  deepEqual([first.status, first.code, first.outcome], [503, 'schema-unavailable', 'not-sent'])
  registry.becomes('answers')
  worker.always(command => void command.reply({ body: Buffer.from(framed, 'hex') }))
  const deadline = performance.now() + 10_000
  let status = 503
  while (status === 503 && performance.now() < deadline) status = (await ask('/orders', { body: order })).status
  equal(status, 200)
})

test('a subject that does not exist, or a schema that does not compile, ends the start with one line', async t => {
  const { config } = await opened(t, {}, {})
  await rejects(
    openGateway(t, config),
    /^Error: routes\.place-order\.schema\.request: The registry has no \/subjects\/orders\.commands-value\/versions\/latest\.$/,
  )
  const { config: other } = await opened(t, {}, { [latest]: { id: 7, schema: '{"type":"gone"}' } })
  await rejects(
    openGateway(t, other),
    /^Error: routes\.place-order\.schema\.request: The schema of the subject orders\.commands-value does not compile: /,
  )
})

test('Apicurio’s ids travel in headers where the route says so, and a password is not shown', async t => {
  const version = { artifactType: 'AVRO', globalId: 9, contentId: 7 }
  const given = {
    '/groups/default/artifacts/shop-orders/versions/branch%3Dlatest': version,
    '/search/versions?globalId=9&limit=1': { versions: [version] },
    '/ids/contentIds/7': record,
    '/ids/contentIds/7/references': [],
  }
  const { registry, config } = await opened(t, { kind: 'apicurio', username: 'me', password: 'secret' }, given)
  const request = { registry: 'subject', name: 'shop-orders', ids: 'global', idsIn: 'headers' }
  const { ask, worker, admin } = await aGateway(t, {
    ...config,
    routes: { 'place-order': { schema: { request, reply: { registry: 'id' } } } },
  })
  const asked = ask('/orders', { body: order })
  const command = await worker.next()
  const id = command.raw('apicurio.value.globalId')
  equal(Buffer.from(id).toString('hex'), '0000000000000009')
  await command.publish(
    command.record.headers.filter(([name]) => name.startsWith('apicurio.') || name === 'sluice-correlation-id'),
    command.record.value,
  )
  deepEqual((await asked).json, order)
  equal(registry.authorizations[0], 'Basic bWU6c2VjcmV0')
  equal((await admin.ask('/config')).text.includes('secret'), false)
})
