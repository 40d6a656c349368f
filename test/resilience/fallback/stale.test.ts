import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { Call, Pair, Reply } from '../../../src/call.ts'
import { StaleReplies } from '../../../src/resilience/fallback/stale.ts'
import type { StaleOptions } from '../../../src/resilience/fallback/stale.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'

const options: StaleOptions = {
  maxAgeMs: 60_000,
  entries: 100,
  bytes: 1_048_576,
  passed: ['accept', 'authorization', 'x-tenant'],
}
const replies = (over: Partial<StaleOptions> = {}): StaleReplies => new StaleReplies({ ...options, ...over })
type Asked = Readonly<{ client?: string; path?: string; query?: string; headers?: readonly Pair[]; body?: string }>
const asked = ({ client = '::1', path = '/orders/1', query = '', headers = [], body = '' }: Asked = {}): Call => {
  const { told } = aCall()
  return aCall({ client, body: Buffer.from(body), told: { ...told, method: 'GET', path, query, headers } })
}
const said = (text: string, control = '', more: readonly Pair[] = []): Reply => ({
  status: 200,
  headers: [['cache-control', control], ...more],
  body: new TextEncoder().encode(text),
})
const text = (cache: StaleReplies, call: Call): string | null => {
  const found = cache.find(call)
  return found === null ? null : Buffer.from(found.reply.body).toString()
}

test('serves the latest reply to the same request of the same client, and its age', async t => {
  const clock = frozenClock(t)
  const cache = replies()
  equal(cache.find(asked()), null)
  cache.keep(asked(), said('first'))
  cache.keep(asked(), said('second'))
  await clock.advance(1_500)
  equal(text(cache, asked()), 'second')
  equal(cache.find(asked())?.ageMs, 1_500)
  for (const other of [{ client: '::2' }, { path: '/orders/2' }, { query: 'a=1' }, { body: 'x' }])
    equal(text(cache, asked(other)), null, JSON.stringify(other))
})

test('what a reply calls public is for everybody, and no longer once it does not', () => {
  const cache = replies()
  cache.keep(asked(), said('all', 'public'))
  equal(text(cache, asked({ client: '::2', headers: [['authorization', 'x']] })), 'all')
  cache.keep(asked({ client: '::2' }), said('mine'))
  equal(text(cache, asked({ client: '::2' })), 'mine')
  equal(text(cache, asked()), null)
})

test('who says what it has seen is not served what may be older', () => {
  const cache = replies()
  cache.keep(asked(), said('first'))
  equal(text(cache, { ...asked(), awaits: 'a position' }), null)
  equal(text(cache, asked()), 'first')
})

test('without a Vary every header that the worker was told makes another request', () => {
  const cache = replies()
  cache.keep(asked({ headers: [['x-tenant', 'a']] }), said('a'))
  equal(text(cache, asked({ headers: [['x-tenant', 'a']] })), 'a')
  equal(text(cache, asked({ headers: [['x-tenant', 'b']] })), null)
  equal(text(cache, asked()), null)
})

test('with a Vary only those do that it names, and credentials always', () => {
  const cache = replies()
  const by = (headers: Record<string, string>): Call => asked({ headers: Object.entries(headers) })
  const vary = (value: string) => [['vary', value]] as const
  cache.keep(by({ accept: 'a', 'x-tenant': 't', authorization: 'me' }), said('a', '', vary('Accept, Accept-Encoding')))
  equal(text(cache, by({ accept: 'a', 'x-tenant': 'u', authorization: 'me' })), 'a')
  equal(text(cache, by({ accept: 'b', 'x-tenant': 't', authorization: 'me' })), null)
  equal(text(cache, by({ accept: 'a', 'x-tenant': 't', authorization: 'you' })), null)
  cache.keep(by({ accept: 'a' }), said('everybody', 'public', vary('accept')))
  cache.keep(by({ accept: 'b' }), said('b', 'public', vary('accept')))
  equal(text(cache, by({ accept: 'a', authorization: 'you' })), 'everybody')
  equal(text(cache, by({ accept: 'b' })), 'b')
  equal(text(cache, by({})), null)
})

test('a reply that must not be kept takes away the one before it', () => {
  for (const last of [said('x', 'no-store'), { ...anAnswer, status: 403 }, { ...anAnswer, status: 410 }]) {
    const cache = replies()
    cache.keep(asked(), said('before'))
    cache.keep(asked(), last)
    equal(text(cache, asked()), null)
    equal(cache.size, 0)
  }
})

test('older than the operator or the reply allows, it is not served', async t => {
  const clock = frozenClock(t)
  const cache = replies()
  cache.keep(asked({ path: '/a' }), said('a'))
  cache.keep(asked({ path: '/b' }), said('b', 'max-age=10, stale-if-error=20', [['age', '5']]))
  await clock.advance(25_000)
  deepEqual([text(cache, asked({ path: '/a' })), text(cache, asked({ path: '/b' }))], ['a', 'b'])
  equal(cache.find(asked({ path: '/b' }))?.ageMs, 30_000)
  await clock.advance(1)
  deepEqual([text(cache, asked({ path: '/a' })), text(cache, asked({ path: '/b' }))], ['a', null])
  await clock.advance(35_000)
  equal(text(cache, asked({ path: '/a' })), null)
})

test('keeps no more than it may, in number and in bytes, and the latest used', () => {
  const cache = replies({ entries: 3 })
  for (const path of ['/1', '/2', '/3']) cache.keep(asked({ path }), said(path))
  cache.find(asked({ path: '/1' }))
  cache.keep(asked({ path: '/4' }), said('/4'))
  deepEqual(
    ['/1', '/2', '/3', '/4'].map(path => text(cache, asked({ path }))),
    ['/1', null, '/3', '/4'],
  )
  const small = replies({ bytes: 10_000 })
  for (let i = 0; i < 100; i++) small.keep(asked({ path: `/${i}` }), said('x'.repeat(1_000)))
  ok(small.bytes <= 10_000 && small.size >= 5, `${small.size} of ${small.bytes} bytes`)
  small.keep(asked(), said('x'.repeat(20_000)))
  equal(text(small, asked()), null)
  ok(small.size >= 5, 'what is too large by itself drives nothing out')
})

test('a small body in a large batch is copied, one of its own is not', () => {
  const cache = replies()
  const batch = new Uint8Array(100_000)
  cache.keep(asked({ path: '/a' }), { ...anAnswer, body: batch.subarray(10, 20) })
  equal(cache.find(asked({ path: '/a' }))?.reply.body.buffer.byteLength, 10)
  cache.keep(asked({ path: '/b' }), { ...anAnswer, body: batch })
  equal(cache.find(asked({ path: '/b' }))?.reply.body.buffer, batch.buffer)
})

test('what was for one client or one moment is not kept with it', () => {
  const cache = replies()
  cache.keep(
    asked(),
    said('x', 'public', [
      ['set-cookie', 'a=1'],
      ['etag', '"1"'],
      ['age', '3'],
    ]),
  )
  deepEqual(cache.find(asked())?.reply.headers, [
    ['cache-control', 'public'],
    ['etag', '"1"'],
  ])
})

test('any course of replies and questions is served as the simplest cache would', async t => {
  const clock = frozenClock(t)
  const clients = fc.constantFrom('a', 'b')
  const path = fc.constantFrom('/1', '/2')
  const tenant = fc.constantFrom('', 't', 'u')
  const control = fc.constantFrom(
    '',
    'public',
    'no-store',
    'public, max-age=2, stale-if-error=3',
    'max-age=4, s-maxage=1',
  )
  const vary = fc.constantFrom(null, 'x-tenant', 'accept')
  const step = fc.record({
    does: fc.constantFrom('keep', 'keep', 'find', 'wait'),
    client: clients,
    path,
    tenant,
    control,
    vary,
    seconds: fc.integer({ min: 1, max: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const cache = replies({ maxAgeMs: 8_000 })
      /** Every reply so far, the latest first: what may be served is the first that this question could have got. */
      let kept: {
        client: string
        path: string
        tenant: string
        control: string
        vary: string | null
        at: number
        text: string
      }[] = []
      let at = 0
      for (const [number, { does, client, path, tenant, control, vary, seconds }] of steps.entries()) {
        const call = asked({ client, path, headers: tenant === '' ? [] : [['x-tenant', tenant]] })
        if (does === 'wait') {
          await clock.advance(seconds * 1_000)
          at += seconds
        } else if (does === 'keep') {
          cache.keep(call, said(`${number}`, control, vary === null ? [] : [['vary', vary]]))
          equal(text(cache, call), control === 'no-store' ? null : `${number}`)
          kept = [{ client, path, tenant, control, vary, at, text: `${number}` }, ...kept]
        } else {
          const got = text(cache, call)
          if (got === null) continue
          const served = kept.find(one => one.text === got)!
          const age = at - served.at
          ok(served.path === path)
          ok(served.control.includes('public') || served.client === client)
          if (served.vary === 'x-tenant') equal(served.tenant, tenant)
          if (served.vary === null && !served.control.includes('public')) equal(served.tenant, tenant)
          ok(!served.control.includes('no-store') && age <= 8)
          if (served.control.includes('stale-if-error')) ok(age <= 5)
          if (served.control.includes('s-maxage')) ok(age <= 1)
          // nobody gets what the worker has taken back since for the very same question
          const since = kept.slice(0, kept.indexOf(served))
          ok(!since.some(one => one.path === path && one.client === client && one.tenant === tenant))
        }
      }
    }),
    { numRuns: 300 },
  )
})
