import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import request from 'supertest'
import { Problem } from '../../src/problem.ts'
import { administer } from '../../src/routes/admin.ts'
import type { Change } from '../../src/routes/change.ts'

const token = 'a-token-of-enough-length'

async function open(t: TestContext, over: Partial<Change> = {}, place: Readonly<{ token?: string }> = { token }) {
  const done: unknown[] = []
  const change: Change = {
    method: 'PUT',
    path: '/circuits',
    named: true,
    does: (name, body) => {
      done.push([name, body])
      return { circuit: name }
    },
    ...over,
  }
  const pages = {
    readiness: () => ({ ready: true, degraded: false, reasons: [] }),
    metrics: async () => '',
    config: () => ({}),
    policies: () => ({}),
    calls: () => ({}),
    processes: () => ({}),
    call: () => null,
  }
  const admin = await administer({ host: '127.0.0.1', port: 0, ...place }, pages, [change])
  t.after(() => admin.close())
  const put = (path: string, as = token) =>
    request(`http://127.0.0.1:${admin.port}`).put(path).set('authorization', `Bearer ${as}`)
  return { put, done, url: `http://127.0.0.1:${admin.port}` }
}

test('who shows the token changes what it names, and is shown what has become of it', async t => {
  const { put, done } = await open(t)
  const answer = await put('/circuits/orders').send({ force: 'open' })
  deepEqual([answer.status, answer.body], [200, { circuit: 'orders' }])
  deepEqual(done, [['orders', { force: 'open' }]])
})

test('another token, or none, changes nothing', async t => {
  const { put, done, url } = await open(t)
  for (const wrong of ['a-token-of-enough-lengtH', '', 'x', 'x'.repeat(100_000).slice(0, 12_000)]) {
    const answer = await put('/circuits/orders', wrong).send({ force: 'open' })
    equal(answer.status, 401)
    equal(answer.headers['www-authenticate'], 'Bearer')
    match(String(answer.body.error), /admin\.token/)
  }
  equal((await request(url).put('/circuits/orders').send({})).status, 401)
  deepEqual(done, [])
})

test('without a token in the configuration nothing can be changed', async t => {
  const { put, done } = await open(t, {}, {})
  const answer = await put('/circuits/orders', '').send({})
  deepEqual([answer.status, answer.body], [403, { error: 'Nothing can be changed: admin.token is not set.' }])
  equal((await put('/circuits/orders', 'undefined').send({})).status, 403)
  deepEqual(done, [])
})

test('a change that is not understood says why, and one of what there is not is 404', async t => {
  const { put } = await open(t, {
    does: name => {
      throw name === 'orders'
        ? new Problem('invalid-request', 'force: expected one of open, closed.')
        : new Problem('unknown-route', `There is no circuit ${name}.`)
    },
  })
  const wrong = await put('/circuits/orders').send({ force: 'ajar' })
  deepEqual([wrong.status, wrong.body], [400, { error: 'force: expected one of open, closed.' }])
  const unknown = await put('/circuits/a%20b').send({})
  deepEqual([unknown.status, unknown.body], [404, { error: 'There is no circuit a b.' }])
  equal((await put('/circuits/%ff').send({})).status, 400)
})

test('a body that is no JSON, or too large, changes nothing and is told so', async t => {
  const { put, done } = await open(t)
  equal((await put('/circuits/orders').type('json').send('{"force":')).status, 400)
  equal((await put('/circuits/orders').send({ force: 'x'.repeat(70_000) })).status, 413)
  deepEqual(done, [])
  await put('/circuits/orders')
  deepEqual(done, [['orders', null]])
})

test('what cannot be changed is only read', async t => {
  const { put, url } = await open(t)
  equal((await put('/config').send({})).status, 405)
  equal((await put('/circuits').send({})).status, 404)
  equal((await put('/circuits/').send({ force: 'open' })).status, 404)
  equal((await request(url).get('/circuits/orders')).status, 404)
})

test('a failure of our own is told without its cause', async t => {
  const { put } = await open(t, {
    does: () => {
      throw new Error('canary')
    },
  })
  const answer = await put('/circuits/orders').send({})
  equal(answer.status, 500)
  equal(JSON.stringify(answer.body).includes('canary'), false)
})
