import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import { sluice } from '../help/sluice.ts'

test('sluice top shows in a terminal what the console shows', { timeout: 30_000 }, async t => {
  const { gateway, ask } = await aGateway(t)
  const leave = new AbortController()
  const waiting = ask('/orders', { body: anOrder, signal: leave.signal }).catch(() => {})
  const run = sluice(t, ['top', '--once', '--admin', gateway.adminUrl])
  equal(await run.ended, 0, run.err)
  match(run.out, /^Sluice .* ready .* broker embedded/m)
  match(run.out, /^orders +closed +\d+ of \d+/m)
  match(run.out, /^place-order .* command +orders/m)
  leave.abort()
  await waiting
})

test('a gateway that is not there is one line', async t => {
  const run = sluice(t, ['top', '--once', '--admin', 'http://127.0.0.1:1'])
  equal(await run.ended, 1)
  match(run.err, /^http:\/\/127\.0\.0\.1:1 does not tell: .*\n$/)
})
