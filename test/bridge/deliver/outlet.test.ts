import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { Outlet } from '../../../src/bridge/deliver/outlet.ts'
import { aReceiver } from '../../help/receiver.ts'
import type { Script } from '../../help/receiver.ts'
import type { Scope } from '../../help/scope.ts'

async function anOutlet(t: Scope, script: Script, timeoutMs = 2_000) {
  const receiver = await aReceiver(t, script)
  const outlet = new Outlet({ origin: receiver.url, connections: 2, timeoutMs, admits: () => true })
  t.after(() => outlet[Symbol.asyncDispose]())
  return { receiver, post: () => outlet.post({ path: '/in?a=1', headers: ['x-a', 'b'], body: 'hello' }) }
}

test('a message is posted as it is, and the status comes back', async t => {
  const { receiver, post } = await anOutlet(t, () => [202, { 'retry-after': '7' }])
  deepEqual(await post(), { status: 202, retryAfterMs: 7_000 })
  const [got] = receiver.got
  deepEqual([got?.path, got?.body, got?.headers['x-a'], got?.headers['content-length']], ['/in?a=1', 'hello', 'b', '5'])
})

test('a redirect is an answer, and is not followed', async t => {
  const inside = await aReceiver(t)
  const { post } = await anOutlet(t, () => [307, { location: inside.url }])
  deepEqual(await post(), { status: 307, retryAfterMs: null })
  equal(inside.got.length, 0)
})

test('a receiver that writes its head byte by byte is left when its time is over', async t => {
  const { post } = await anOutlet(
    t,
    (_got, res) => {
      let at = 0
      const timer = setInterval(() => res.socket?.write('HTTP/1.1 200 OK'[at++ % 15] ?? ''), 100)
      res.on('close', () => clearInterval(timer))
    },
    300,
  )
  const begun = performance.now()
  await rejects(post(), /did not answer in time/)
  ok(performance.now() - begun < 900)
})

test('a body without end, or one that comes byte by byte, takes no longer than its limit and changes nothing', async t => {
  const { receiver, post } = await anOutlet(t, (_got, res, count) => {
    res.writeHead(200)
    if (count === 1) {
      const timer = setInterval(() => res.write('x'), 100)
      res.on('close', () => clearInterval(timer))
      return
    }
    const pour = (): void =>
      void res.write('x'.repeat(65_536), error => void (error ?? (res.destroyed || setImmediate(pour))))
    pour()
  })
  const begun = performance.now()
  const answers = await Promise.all([post(), post()])
  deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  ok(performance.now() - begun < 1_900)
  equal(receiver.got.length, 2)
})
