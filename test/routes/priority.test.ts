import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { trustOf } from '../../src/routes/client.ts'
import { priorityOf } from '../../src/routes/priority.ts'
import { open, wire } from './front.ts'

const proxy = '10.0.0.1'
const of = priorityOf('x-priority', trustOf(['10.0.0.0/8']))

test('a trusted proxy says how much a call matters, above what its route says', () => {
  for (const said of ['critical', 'normal', 'sheddable'] as const)
    equal(of('normal', proxy, { 'x-priority': said }), said)
  equal(of('sheddable', proxy, {}), 'sheddable')
})

test('who is no trusted proxy can neither raise nor lower it', () => {
  equal(of('normal', '192.0.2.1', { 'x-priority': 'critical' }), 'normal')
  equal(of('normal', '192.0.2.1', { 'x-priority': 'sheddable' }), 'normal')
  equal(priorityOf('x-priority', trustOf([]))('normal', proxy, { 'x-priority': 'critical' }), 'normal')
})

test('nobody becomes a probe by a header, and a probe stays one', () => {
  equal(of('normal', proxy, { 'x-priority': 'health' }), 'normal')
  equal(of('health', proxy, { 'x-priority': 'sheddable' }), 'health')
})

test('anything else is passed over', () => {
  for (const said of ['', 'Critical', 'critical, normal', 'urgent', ['critical']])
    equal(of('normal', proxy, { 'x-priority': said }), 'normal')
  equal(priorityOf(undefined, trustOf(['10.0.0.0/8']))('normal', proxy, { 'x-priority': 'critical' }), 'normal')
})

test('the call has the priority that a trusted proxy gave it, and else that of its route', async t => {
  const server = { priorityHeader: 'x-priority', trustedProxies: ['127.0.0.0/8'] }
  const routes = { look: { match: 'GET /look', query: { to: 'orders' }, priority: 'sheddable' } }
  const { front, calls } = await open(t, { routes, server })
  const client = wire(front)
  client.send('GET /look HTTP/1.1\r\nHost: a\r\nX-Priority: critical\r\n\r\n')
  equal((await client.answer()).status, 200)
  client.send('GET /look HTTP/1.1\r\nHost: a\r\n\r\n')
  equal((await client.answer()).status, 200)
  equal(calls.map(({ priority }) => priority).join(), 'critical,sheddable')
})
