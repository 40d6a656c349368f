import { test } from 'node:test'
import { deepEqual, rejects } from 'node:assert/strict'
import { Aborter } from '../../../src/aborter.ts'
import { services } from '../../../src/bridge/upstreams/srv.ts'
import { nameServer } from '../../help/dns.ts'
import { until } from '../../help/until.ts'

const name = '_http._tcp.shop.test'
const options = { timeoutMs: 500, signal: new Aborter() }

test('services come with their ports and their own time to live', async t => {
  const { address } = await nameServer(t, {
    [name]: {
      srv: [
        [8_001, 'one.test'],
        [8_002, 'two.shop.test'],
      ],
      ttl: 7,
    },
  })
  deepEqual(await services(name, { ...options, servers: [address] }), [
    { priority: 1, port: 8_001, host: 'one.test', ttl: 7 },
    { priority: 1, port: 8_002, host: 'two.shop.test', ttl: 7 },
  ])
})

test('an answer that fits into no datagram is asked for again over a connection', async t => {
  const many = Array.from({ length: 60 }, (_, n) => [8_000 + n, `server-${n}.shop.test`] as const)
  const { address } = await nameServer(t, { [name]: { srv: many } })
  const found = await services(name, { ...options, servers: [address] })
  deepEqual(
    found.map(({ port, host }) => [port, host]),
    many,
  )
})

test('a name that is not there, has no services, or that nobody answers for is told as by node:dns', async t => {
  const { address } = await nameServer(t, { 'one.test': { a: ['127.0.0.1'] } })
  await rejects(services(name, { ...options, servers: [address] }), { code: 'ENOTFOUND' })
  await rejects(services('one.test', { ...options, servers: [address] }), { code: 'ENODATA' })
  await rejects(services(name, { ...options, timeoutMs: 20, servers: ['127.0.0.1:9'] }), {
    code: /ECONNREFUSED|ETIMEOUT/,
  })
})

test('the next server is asked when one is silent', async t => {
  const silent = await nameServer(t, {}, () => null)
  const { address } = await nameServer(t, { [name]: { srv: [[8_001, 'one.test']] } })
  const found = await services(name, { ...options, timeoutMs: 30, servers: [silent.address, address] })
  deepEqual(
    found.map(({ host }) => host),
    ['one.test'],
  )
})

test('an answer that is none, or points at itself, hangs nobody', async t => {
  for (const bytes of [Buffer.from([0xc0, 12, 0, 33, 0, 1]), Buffer.from([200]), Buffer.alloc(0)]) {
    const broken = await nameServer(t, {}, query => {
      const head = Buffer.from(query.subarray(0, 12))
      head[2] = 0x81
      head[3] = 0x80
      return Buffer.concat([head, bytes])
    })
    await rejects(services(name, { ...options, servers: [broken.address] }), {
      code: /EBADRESP|ERR_OUT_OF_RANGE|ERR_BUFFER_OUT_OF_BOUNDS/,
    })
  }
})

test('who waits for an answer leaves with the signal', async t => {
  const silent = await nameServer(t, {}, () => null)
  const signal = new Aborter()
  const answer = services(name, { servers: [silent.address], timeoutMs: 5_000, signal })
  await until('it was asked', () => silent.asked() > 0)
  signal.abort(null)
  await rejects(answer, { code: 'ECANCELLED' })
})
