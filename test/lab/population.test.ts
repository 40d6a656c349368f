import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Errands, writer } from '../../src/lab/population.ts'
import type { Population } from '../../src/lab/population.ts'
import { seeded } from '../../src/lab/random.ts'

const someone = (over: Partial<Population> = {}): Population => ({ name: 'some', rate: [], patienceMs: 1_000, ...over })
const draw = (over: Partial<Population>, n: number) => {
  const errands = new Errands(someone(over), 3, seeded(1))
  return Array.from({ length: n }, () => errands.draw())
}

test('every request has another id, and another key unless keys are few', () => {
  const errands = draw({}, 1_000)
  equal(new Set(errands.map(({ id }) => id)).size, 1_000)
  equal(new Set(errands.map(({ key }) => key)).size, 1_000)
  equal(new Set(draw({ keys: 5 }, 1_000).map(({ key }) => key)).size, 5)
  deepEqual(new Set(draw({ keys: ['a', 'b'] }, 100).map(({ key }) => key)), new Set(['a', 'b']))
})

test('a hot key has its share', () => {
  const hot = draw({ hotPercent: 30 }, 1_000).filter(({ key }) => key === 'hot').length
  ok(hot > 250 && hot < 350, String(hot))
})

test('clients have addresses of their population', () => {
  const clients = new Set(draw({ clients: 300 }, 20_000).map(({ client }) => client))
  equal(clients.size, 300)
  ok([...clients].every(client => client.startsWith('10.3.')))
})

test('a request says who asks, and until when somebody waits', () => {
  const write = writer(someone({ path: '/x', headers: { 'x-priority': 'critical' } }), '127.0.0.1:80')
  const request = write({ id: '3-0', key: 'k', client: '10.3.0.1' }, 12.4)
  const body = '{"orderId":"k","id":"3-0","wantedUntil":12}'
  equal(
    request,
    'POST /x HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Type: application/json\r\nx-priority: critical\r\n' +
      `X-Forwarded-For: 10.3.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
})
