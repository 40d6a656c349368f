import { test } from 'node:test'
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import request from 'supertest'
import { json, open, wire } from './front.ts'

const echo = { service: async (call: { route: string }) => json({ route: call.route }) }

test('a route is found by method and path, a fixed segment before a parameter', async t => {
  const { url } = await open(t, {
    ...echo,
    routes: {
      one: { match: 'GET /orders/:id', query: { to: 'orders' } },
      latest: { match: 'GET /orders/latest', query: { to: 'orders' } },
      remove: { match: 'DELETE /orders/:id', command: { to: 'orders' } },
      root: { match: 'GET /', query: { to: 'orders' } },
    },
  })
  const routeOf = async (method: string, path: string): Promise<string> =>
    ((await (await fetch(url + path, { method })).json()) as { route: string }).route
  equal(await routeOf('GET', '/orders/latest'), 'latest')
  equal(await routeOf('GET', '/orders/7'), 'one')
  equal(await routeOf('DELETE', '/orders/latest'), 'remove')
  equal(await routeOf('GET', '/?x=1'), 'root')
  equal((await fetch(`${url}/orders/latest?x=1`, { method: 'HEAD' })).status, 200)
  equal(await routeOf('GET', '/orders/l%61test'), 'one', 'a parameter is decoded, a fixed segment is what it says')
})

test('paths are strict and tell case', async t => {
  const { url, finished, calls } = await open(t)
  for (const path of ['/Orders/1', '/orders/1/', '/orders/', '/orders/1/2', '//orders/1', '/'])
    equal((await request(url).get(path)).status, 404, path)
  equal(calls.length, 0)
  for (const { route, call } of finished) deepEqual([route, call], ['none', null])
})

test('an unknown path is a problem without a word of HTML', async t => {
  const { url } = await open(t)
  const other = await request(url).get('/nowhere')
  equal(other.status, 404)
  equal(other.type, 'application/problem+json')
  match(other.headers['cache-control'] as string, /no-store/)
  deepEqual(Object.keys(other.body as object), ['type', 'title', 'status', 'detail', 'instance', 'code', 'outcome'])
  equal((other.body as { code: string }).code, 'unknown-route')
})

test('another method is refused with those that there are', async t => {
  const { url, finished } = await open(t)
  const cases = { '/orders': 'POST', '/orders/1': 'GET, HEAD' }
  for (const [path, allow] of Object.entries(cases))
    for (const method of ['delete', 'put', 'trace'] as const) {
      const answer = await request(url)[method](path)
      equal(answer.status, 405, `${method} ${path}`)
      equal(answer.headers['allow'], allow)
      equal((answer.body as { code: string }).code, 'method-not-allowed')
    }
  equal(finished.length, 6)
})

test('OPTIONS tells the methods of a path', async t => {
  const { url } = await open(t)
  const { status, headers } = await request(url).options('/orders/1')
  deepEqual([status, headers['allow']], [204, 'GET, HEAD, OPTIONS'])
  equal((await request(url).options('/nowhere')).status, 404)
})

test('an encoded slash is part of a parameter where its route says so, and refused elsewhere', async t => {
  const routes = {
    read: { match: 'GET /a/:id', query: { to: 'orders', key: 'path.id' }, encodedSlashes: true },
    other: { match: 'GET /b/:id', query: { to: 'orders', key: 'path.id' } },
  }
  const { url, calls } = await open(t, { routes })
  equal((await request(url).get('/a/urn%3Ax%2Fy')).status, 200)
  equal(Buffer.from(calls[0]?.key ?? []).toString(), 'urn:x/y')
  equal((await request(url).get('/b/x%2Fy')).status, 400)
  for (const path of ['/a/..%2Fb', '/a/x%2f..%2Fb', '/a/x%5Cy', '/a/%2E%2E%2f'])
    equal((await request(url).get(path)).status, 400, path)
  equal(calls.length, 1)
})

test('HEAD is served as GET without a body, unless it has a route of its own', async t => {
  const routes = {
    read: { match: 'GET /a', query: { to: 'orders' } },
    own: { match: 'HEAD /b', query: { to: 'orders' } },
    other: { match: 'GET /b', query: { to: 'orders' } },
  }
  const { front, calls } = await open(t, { ...echo, routes })
  const client = wire(front)
  client.send('HEAD /a HTTP/1.0\r\n\r\n')
  await client.closed
  const length = Buffer.byteLength('{"route":"read"}')
  await rejects(
    client.answer(),
    new RegExp(`^Error: The connection ended with "HTTP/1.1 200 OK.*Content-Length: ${length}.*\\\\r\\\\n"$`),
  )
  const other = wire(front)
  other.send('HEAD /b HTTP/1.0\r\n\r\n')
  await other.closed
  deepEqual(
    calls.map(({ route, told }) => [route, told.method]),
    [
      ['read', 'HEAD'],
      ['own', 'HEAD'],
    ],
  )
})

test('a path that is no UTF-8 is refused', async t => {
  const { url, calls } = await open(t)
  for (const path of ['/orders/%ff', '/orders/%c0%af', '/orders/%ed%a0%80'])
    equal((await request(url).get(path)).status, 400)
  equal(calls.length, 0)
})
