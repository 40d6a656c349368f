import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { Aborter } from '../../../src/aborter.ts'
import { Receiver } from '../../../src/bridge/deliver/receiver.ts'
import { later } from '../../../src/clock.ts'
import { persistent } from '../../../src/resilience/repetition/persist.ts'
import { aReceiver } from '../../help/receiver.ts'
import type { Script } from '../../help/receiver.ts'
import type { Scope } from '../../help/scope.ts'
import { until } from '../../help/until.ts'

const backoff = { baseMs: 10, capMs: 50 }

async function aSender(t: Scope, script: Script, admits = () => true) {
  const http = await aReceiver(t, script)
  const options = { origin: http.url, connections: 4, timeoutMs: 500, admits, name: 'push.test', ...backoff }
  const receiver = new Receiver({ ...options, persist: persistent(backoff) })
  t.after(() => receiver[Symbol.asyncDispose]())
  const send = (body: string, { limitMs = 5_000, signal = new Aborter() } = {}) =>
    receiver.deliver(() => ({ path: '/', headers: [], body }), later(limitMs), signal)
  return { http, receiver, send }
}

test('an honest receiver gets each message once', async t => {
  const { http, send } = await aSender(t, () => 204)
  const sent = await Promise.all(['a', 'b', 'c'].map(body => send(body)))
  deepEqual(new Set(sent.map(({ kind, attempts }) => `${kind} ${attempts}`)), new Set(['delivered 1']))
  deepEqual([...http.bodies].sort(), ['a', 'b', 'c'])
})

test('a receiver that fails gets it later', async t => {
  const { send } = await aSender(t, (_got, _res, count) => (count < 4 ? 500 : 200))
  deepEqual(await send('a'), { kind: 'delivered', attempts: 4, detail: 'It answered 200.' })
})

test('Retry-After is kept, by all messages', async t => {
  const { http, send } = await aSender(t, (_got, _res, count) => (count === 1 ? [429, { 'retry-after': '1' }] : 200))
  const first = send('a')
  await until('it is slowed', () => http.got.length === 1)
  const begun = http.got[0]?.at ?? 0
  await until('it is paused', () => true)
  await Promise.all([first, new Promise(resolve => setImmediate(resolve)).then(() => send('b'))])
  ok(
    http.got.slice(1).every(({ at }) => at - begun >= 990),
    JSON.stringify(http.got.map(({ at }) => at - begun)),
  )
  equal(http.got.length, 3)
})

test('410 ends it, and what the receiver will never take is refused at once', async t => {
  const { send } = await aSender(t, ({ body }) => Number(body))
  deepEqual(await send('410'), { kind: 'ended', attempts: 1, detail: 'It answered 410.' })
  deepEqual(await send('422'), { kind: 'refused', attempts: 1, detail: 'It answered 422.' })
})

test('when its time is over it says what was last heard', async t => {
  const { send } = await aSender(t, () => 404)
  const { kind, attempts, detail } = await send('a', { limitMs: 200 })
  deepEqual([kind, detail], ['exhausted', 'It answered 404.'])
  ok(attempts > 1)
})

test('an address inside is never connected to, and that is what is told', async t => {
  const { http, receiver, send } = await aSender(
    t,
    () => 200,
    () => false,
  )
  const { kind, detail } = await send('a', { limitMs: 100 })
  equal(kind, 'exhausted')
  match(detail, /^127\.0\.0\.1 has no address that may be connected to/)
  equal(receiver.state.detail, detail)
  equal(http.got.length, 0)
})

test('a stop lets an attempt under way come to its end, and begins no other', async t => {
  const signal = new Aborter()
  const { send } = await aSender(t, (_got, res) => {
    signal.abort(null)
    setImmediate(() => res.writeHead(200).end())
  })
  deepEqual((await send('a', { signal })).kind, 'delivered')
  deepEqual(await send('b', { signal }), { kind: 'stopped', attempts: 0, detail: 'It was not tried.' })
})
