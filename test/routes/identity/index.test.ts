import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { aGateway, anOrder } from '../../help/gateway.ts'
import { anIssuer, jwtOf } from '../../help/issuer.ts'
import { until } from '../../help/until.ts'

const canary = 'canary-3f9a'

async function open(t: TestContext, more: object = {}) {
  const issuer = await anIssuer(t)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [keys, users, log] = ['keys', 'users', 'log'].map(name => join(folder, name)) as [string, string, string]
  writeFileSync(keys, `acme:sha256$${hash('sha256', `${canary}-key`)}:orders:write`)
  writeFileSync(users, `till:sha256$${hash('sha256', `${canary}-password`)}:orders`)
  const gateway = await aGateway(t, {
    log: { level: 'debug', file: log },
    identity: {
      realm: 'shop',
      providers: {
        shop: jwtOf(issuer),
        partners: { apiKeys: { file: keys } },
        tills: { basic: { file: users } },
      },
    },
    routes: {
      'place-order': {
        identity: 'required',
        command: { to: 'orders', key: 'claim.sub' },
        claimHeaders: { 'x-user': 'sub' },
        ...more,
      },
    },
  })
  return { ...gateway, issuer, log }
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`till:${password}`).toString('base64')}` })

test('a client is known by token, key or password; its claims are key and header, and its credentials go nowhere', async t => {
  const { ask, worker, issuer } = await open(t)
  const token = await issuer.token()
  const all = [
    ['alice', bearer(token)],
    ['alice', bearer(token)], // known by now
    ['acme', { 'x-api-key': `${canary}-key` }],
    ['till', basic(`${canary}-password`)],
  ] as const
  for (const [subject, headers] of all) {
    const asked = ask('/orders', { body: anOrder, headers })
    const command = await worker.next()
    equal(Buffer.from(command.record.key ?? []).toString(), subject)
    const told = command.record.headers.map(([name, value]) => `${name}=${Buffer.from(value ?? []).toString()}`)
    ok(
      told.some(line => /x-user=/.test(line) && line.endsWith(`=${subject}`)),
      told.join(' '),
    )
    ok(!/canary|eyJ/.test(told.join(' ')))
    await command.reply({ status: 201 })
    equal((await asked).status, 201)
  }
})

test('whoever is not known gets 401 with every challenge, and the worker nothing', async t => {
  const { ask, worker } = await open(t)
  const { status, code, headers, outcome } = await ask('/orders', { body: anOrder })
  deepEqual([status, code, outcome], [401, 'unauthenticated', 'not-sent'])
  equal(
    headers['www-authenticate'],
    'Bearer realm="shop", Basic realm="shop", charset="UTF-8", ApiKey realm="shop", header="x-api-key"',
  )
  for (const headers of [bearer('a.b.c'), { 'x-api-key': 'none' }, basic('wrong')])
    equal((await ask('/orders', { body: anOrder, headers })).status, 401)
  equal((await ask('/orders', { body: 'x'.repeat(300_000), headers: bearer('a.b.c') })).status, 401)
  equal(worker.commands.length, 0)
})

test('a scope that is missing is 403', async t => {
  const { ask, issuer } = await open(t, { scopes: ['orders:delete'] })
  const { status, code, headers } = await ask('/orders', { body: anOrder, headers: bearer(await issuer.token()) })
  deepEqual([status, code], [403, 'forbidden'])
  equal(headers['www-authenticate'], 'Bearer realm="shop", error="insufficient_scope", scope="orders:delete"')
})

test('a quota counts the subject and not its address', async t => {
  const { ask, worker, issuer } = await open(t, { quota: { requests: 1, windowMs: 60_000 } })
  const tokens = [await issuer.token(), await issuer.token({ claims: { sub: 'bob' } })]
  for (const token of tokens) {
    const asked = ask('/orders', { body: anOrder, headers: bearer(token) })
    await (await worker.next()).reply({ status: 201 })
    equal((await asked).status, 201)
  }
  equal((await ask('/orders', { body: anOrder, headers: bearer(tokens[0] ?? '') })).status, 429)
})

test('an operation is seen by the subject that began it, from whatever address, and by nobody else', async t => {
  const { ask, worker, issuer } = await open(t, { async: 'always' })
  const own = bearer(await issuer.token())
  const { status, headers } = await ask('/orders', { body: anOrder, headers: own })
  equal(status, 202)
  await worker.next()
  const path = headers.location ?? ''
  equal((await ask(path, { headers: own })).status, 202)
  for (const headers of [{}, bearer(await issuer.token({ claims: { sub: 'bob' } }))])
    equal((await ask(path, { headers })).status, 404)
  equal((await ask(path, { headers: bearer('a.b.c') })).status, 401)
})

test('nothing secret is in the log, the metrics, the configuration shown or an answer', async t => {
  const { ask, admin, issuer, log, worker } = await open(t)
  const token = await issuer.token()
  const secrets = [token, token.split('.')[2] ?? '', canary, basic(`${canary}-password`).authorization.slice(6)]
  const asked = ask('/orders', { body: anOrder, headers: bearer(token) })
  await (await worker.next()).reply({ status: 201 })
  const answers = [
    await asked,
    await ask('/orders', { body: anOrder, headers: bearer(`${token}x`) }),
    await ask('/orders', { body: anOrder, headers: bearer(`${canary}.${canary}.${canary}`) }),
    await ask('/orders', { body: anOrder, headers: { 'x-api-key': canary } }),
    await ask('/orders', { body: anOrder, headers: basic(canary) }),
    await admin.ask('/metrics'),
    await admin.ask('/config'),
    await admin.ask('/policies'),
  ]
  deepEqual(
    answers.map(({ status }) => status),
    [201, 401, 401, 401, 401, 200, 200, 200],
  )
  await until('the refusals in the log', () => readFileSync(log, 'utf8').includes('unauthenticated'))
  const all = readFileSync(log, 'utf8') + answers.map(each => each.text + JSON.stringify(each.headers)).join('')
  for (const secret of secrets) ok(!all.includes(secret))
})

test('a rotation loses no request of a client', async t => {
  const { ask, worker, issuer } = await open(t)
  const order = async (token: string): Promise<number> => {
    const asked = ask('/orders', { body: anOrder, headers: bearer(token) })
    await (await worker.next()).reply({ status: 201 })
    return (await asked).status
  }
  const old = await issuer.token()
  equal(await order(old), 201)
  await issuer.rotate('second')
  const statuses = [await order(old), await order(await issuer.token())]
  deepEqual(statuses, [201, 201])
  equal(issuer.fetches(), 2)
})

test('the same Idempotency-Key of two subjects is two keys', async t => {
  const { ask, worker, issuer } = await open(t, { idempotency: {} })
  for (const sub of ['alice', 'bob', 'alice']) {
    const headers = { ...bearer(await issuer.token({ claims: { sub } })), 'idempotency-key': '"k-1"' }
    const asked = ask('/orders', { body: anOrder, headers })
    if (worker.commands.length < 2) await (await worker.next()).reply({ status: 201, body: sub })
    const { status, text } = await asked
    deepEqual([status, text], [201, sub])
  }
  equal(worker.commands.length, 2)
})

test('a stream is open to those who are known, and to nobody else', async t => {
  const route = { match: 'GET /lamps', stream: { topics: ['signals'] }, identity: 'required' }
  const issuer = await anIssuer(t)
  const { ask, gateway } = await aGateway(t, {
    identity: { providers: { shop: jwtOf(issuer) } },
    routes: { lamps: route },
  })
  equal((await ask('/lamps')).status, 401)
  equal((await ask('/lamps', { headers: bearer('a.b.c') })).status, 401)
  const leaving = new AbortController()
  const headers = bearer(await issuer.token())
  const { status } = await fetch(`${gateway.url}/lamps`, { headers, signal: leaving.signal })
  leaving.abort()
  equal(status, 200)
})
