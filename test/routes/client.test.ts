import { test } from 'node:test'
import { equal, ok, throws } from 'node:assert/strict'
import { clientOf, localPeer, plainAddress, subnetOf, trustOf } from '../../src/routes/client.ts'
import { heapOf } from '../help/heap.ts'

const behind = clientOf(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])
const via = (forwarded?: string, custom?: string): Record<string, string> => ({
  ...(forwarded !== undefined && { forwarded }),
  ...(custom !== undefined && { 'x-forwarded-for': custom }),
})

test('without trusted proxies the client is the other end of the connection, whatever it says', () => {
  equal(clientOf([])('203.0.113.9', via('for=1.2.3.4', '1.2.3.4')), '203.0.113.9')
})

test('who is no trusted proxy names nobody', () =>
  equal(behind('203.0.113.9', via(undefined, '1.2.3.4')), '203.0.113.9'))

test('the rightmost address that is no proxy is the client', () => {
  equal(behind('10.0.0.1', via(undefined, '6.6.6.6, 203.0.113.9, 10.0.0.2')), '203.0.113.9')
  equal(behind('192.0.2.7', via('for=6.6.6.6, for=203.0.113.9;proto=https;by=10.0.0.1')), '203.0.113.9')
  equal(behind('2001:db8::1', via(undefined, '203.0.113.9')), '203.0.113.9')
})

test('behind proxies alone the farthest of them is the client', () =>
  equal(behind('10.0.0.1', via(undefined, '10.0.0.3, 10.0.0.2')), '10.0.0.3'))

test('ports, brackets, quotes and mapped addresses do not make another client', () => {
  for (const custom of ['203.0.113.9:4711', '::ffff:203.0.113.9', ' 203.0.113.9 ', '[::ffff:203.0.113.9]:1'])
    equal(behind('10.0.0.1', via(undefined, custom)), '203.0.113.9', custom)
  equal(behind('10.0.0.1', via('For="[2001:DB9::1]:4711"')), '2001:db9::1')
  equal(behind('10.0.0.1', via('for="[2001:db9:0:0::1]"')), '2001:db9::1')
  equal(plainAddress('::ffff:127.0.0.1'), '127.0.0.1')
})

test('what is no address counts as the proxy that wrote it: no new client for each request', () => {
  for (const garbage of ['unknown', '_hidden', '', 'evil', '0x7f.1', '2130706433', '1.2.3', '1.2.3.4.5', '['])
    equal(behind('10.0.0.1', via(undefined, `1.2.3.4, ${garbage}`)), '10.0.0.1', garbage)
  equal(behind('10.0.0.1', via(undefined, '1.2.3.4, evil, 10.0.0.2')), '10.0.0.2')
})

test('an open quote swallows what a proxy appends, and so names the proxy', () =>
  equal(behind('10.0.0.1', via('for="6.6.6.6, for=203.0.113.9')), '10.0.0.1'))

test('a header that names proxies alone agrees with the one that sees behind them', () => {
  equal(behind('10.0.0.1', via('for=10.0.0.2', '203.0.113.9, 10.0.0.2')), '203.0.113.9')
  equal(behind('10.0.0.1', via('for=203.0.113.9', '10.0.0.2')), '203.0.113.9')
  equal(behind('10.0.0.1', via('for=10.0.0.3', '10.0.0.2')), '10.0.0.2')
  equal(behind('10.0.0.1', via('for=_hidden', '203.0.113.9')), '10.0.0.1', 'what has no name may be anybody')
})

test('quotas count IPv6 clients by their /64', () => {
  equal(subnetOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  equal(subnetOf('2001:db8:1:2::9'), subnetOf('2001:db8:1:2:ffff::1'))
  ok(subnetOf('2001:db8:1:3::9') !== subnetOf('2001:db8:1:2::9'))
  equal(subnetOf('203.0.113.9'), '203.0.113.9')
  equal(subnetOf('local'), 'local')
})

test('two headers that differ name the proxy, as one of them is the client’s own', () => {
  equal(behind('10.0.0.1', via('for=6.6.6.6', '203.0.113.9')), '10.0.0.1')
  equal(behind('10.0.0.1', via('for=203.0.113.9', '203.0.113.9')), '203.0.113.9')
})

test('however many clients come by one proxy, each is named, also when it comes again', () => {
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 10_000; i++) {
      const client = `203.0.${i >> 8}.${i & 255}`
      equal(behind('10.0.0.1', via(undefined, `6.6.6.6, ${client}`)), client)
    }
})

test('of the headers that named clients nothing is kept but the names', async t => {
  const longer = Buffer.alloc(15_000, '6')
  const bytes = await heapOf(() => {
    const made = clientOf(['10.0.0.0/8'])
    for (let i = 1; i <= 4_000; i++) {
      const client = `2001:db9:1234:5678::${i.toString(16)}`
      equal(made('10.0.0.1', via(undefined, `${longer.toString('latin1')}, ${client}`)), client)
    }
    return made
  })
  t.diagnostic(`${(bytes / 1e6).toFixed(1)} MB`)
  ok(bytes < 6_000_000, `${bytes} bytes for 4,000 names that came in headers of 15 kB`)
})

test('behind a Unix socket the headers are trusted once proxies are', () => {
  equal(behind(localPeer, via(undefined, '203.0.113.9')), '203.0.113.9')
  equal(clientOf([])(localPeer, via(undefined, '203.0.113.9')), localPeer)
})

test('a proxy is trusted by its address, and whoever may open the Unix socket once there are proxies', () => {
  const trusts = trustOf(['10.0.0.0/8', '2001:db8::/32'])
  for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::9', localPeer]) equal(trusts(peer), true, peer)
  for (const peer of ['11.0.0.1', '2001:db9::1', 'unknown', '']) equal(trusts(peer), false, peer)
  equal(trustOf([])(localPeer), false)
})

test('a range that is none is said at start', () => {
  for (const wrong of ['10.0.0.0/33', 'proxy.example', '10.0.0', ''])
    throws(() => clientOf([wrong]), /^Error: trustedProxies: .* is neither an address nor a CIDR range\.$/)
})

test('evil headers are read in linear time', () => {
  for (const part of [',', '"', '\\', 'for=', 'for=10.0.0.1,', '10.0.0.1,', ';', '[']) {
    const evil = part.repeat(50_000 / part.length)
    const start = performance.now()
    behind('10.0.0.1', via(evil, evil))
    ok(performance.now() - start < 250, part)
  }
})
