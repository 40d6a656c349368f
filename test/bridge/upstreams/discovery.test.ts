import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Discovery, Following } from '../../../src/bridge/upstreams/discovery.ts'
import type { Place } from '../../../src/bridge/upstreams/dial.ts'
import { nameServer } from '../../help/dns.ts'
import { until } from '../../help/until.ts'

const options = { type: 'address', timeoutMs: 500, minMs: 10, maxMs: 60_000 } as const

test('addresses of a name come with their time to live, and an address is itself', async t => {
  const server = await nameServer(t, { 'shop.test': { a: ['127.0.0.1', '127.0.0.2'], ttl: 7 } })
  const discovery = new Discovery({ ...options, servers: [server.address] })
  deepEqual(await discovery.find('shop.test', 80), {
    places: [
      { host: '127.0.0.1', port: 80 },
      { host: '127.0.0.2', port: 80 },
    ],
    ttlMs: 7_000,
  })
  deepEqual((await discovery.find('127.0.0.9', 81)).places, [{ host: '127.0.0.9', port: 81 }])
  deepEqual((await discovery.find('[::1]', 81)).places, [{ host: '::1', port: 81 }])
  await rejects(discovery.find('none.test', 80), { code: 'ENOTFOUND' })
})

test('a name of both kinds stands for all its addresses', async t => {
  const server = await nameServer(t, { 'shop.test': { a: ['127.0.0.1'], aaaa: ['0:0:0:0:0:0:0:1'], ttl: 4 } })
  const discovery = new Discovery({ ...options, servers: [server.address] })
  const { places, ttlMs } = await discovery.find('shop.test', 80)
  deepEqual([places.map(({ host }) => host), ttlMs], [['127.0.0.1', '::1'], 4_000])
})

test('services of a name are targets with ports of their own', async t => {
  const server = await nameServer(t, {
    '_http._tcp.shop.test': {
      srv: [
        [8_001, 'one.test'],
        [8_002, 'two.test'],
      ],
    },
    'one.test': { a: ['127.0.0.1'], ttl: 9 },
    'two.test': { a: ['127.0.0.2'], ttl: 3 },
  })
  const discovery = new Discovery({ ...options, type: 'srv', servers: [server.address] })
  deepEqual(await discovery.find('_http._tcp.shop.test', 80), {
    places: [
      { host: '127.0.0.1', port: 8_001 },
      { host: '127.0.0.2', port: 8_002 },
    ],
    ttlMs: 1_000, // of the services; those of the targets are longer
  })
  server.names.set('one.test', { a: ['127.0.0.1'], ttl: 0 })
  equal((await discovery.find('_http._tcp.shop.test', 80)).ttlMs, 0)
})

test('a name is asked for again when its time to live is over, and what it stood for stays when nobody answers', async t => {
  const server = await nameServer(t, { 'shop.test': { a: ['127.0.0.1'], ttl: 0 } })
  const found: (readonly Place[])[] = []
  const failures: string[] = []
  const told = {
    found: (places: readonly Place[]) => void found.push(places),
    failed: (error: Error & { code?: string }) => void failures.push(error.code ?? ''),
  }
  using _ = new Following('http://shop.test:99', { ...options, servers: [server.address] }, told)
  await until('it is asked for', () => found.length > 1)
  server.names.set('shop.test', { a: ['127.0.0.2'], ttl: 0 })
  await until('the other is found', () => found.at(-1)?.[0]?.host === '127.0.0.2')
  const before = found.length
  server.names.delete('shop.test')
  await until('it is told', () => failures.length > 0)
  equal(failures[0], 'ENOTFOUND')
  equal(found.length - before <= 1, true)
})
