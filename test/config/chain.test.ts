import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import { longestPublishMs } from '../../config/chain.ts'
import { format, parse } from '../../config/load.ts'

const lines = (route: string, publish = ''): string =>
  format(
    parse(`broker: { publish: { ${publish} } }\nroutes: { a: { match: POST /, event: { topic: t }, ${route} } }`, 'f')
      .mistakes,
  )

test('the longest publishing is all attempts in full and all backoffs at their greatest', () => {
  const longest = (attempts: number, baseMs: number, capMs: number): number => {
    const { tries, waits } = longestPublishMs({ attemptMs: 1_000, attempts, baseMs, capMs })
    return tries + waits
  }
  equal(longest(1, 50, 1_000), 1_000)
  equal(longest(3, 50, 1_000), 3_000 + 100 + 200)
  equal(longest(7, 50, 1_000), 7_000 + 100 + 200 + 400 + 800 + 1_000 + 1_000)
})

test('a route must wait longer than publishing may take, by a millisecond at least', () => {
  equal(
    lines('timeoutMs: 3300'),
    'f:2:63  routes.a.timeoutMs: found 3300, expected more than 3300, which publishing may take (3 × 1000 ms and 300 ms of backoff): raise it, or lower broker.publish.attemptMs or attempts',
  )
  equal(lines('timeoutMs: 3301'), '')
  equal(lines('timeoutMs: 3300', 'attempts: 2'), '')
  equal(lines('timeoutMs: 1001', 'mode: off'), '', 'without repetition there is one attempt')
  equal(
    lines('', 'attempts: 5').startsWith('f:2:11  routes.a.timeoutMs: found 5000 by default, expected more than 6500'),
    true,
  )
})

test('the chain holds for whatever configuration is accepted', () => {
  const ms = fc.integer({ min: 10, max: 20_000 })
  fc.assert(
    fc.property(ms, ms, ms, fc.integer({ min: 1, max: 10 }), ms, (timeout, ttl, client, attempts, attemptMs) => {
      const text = lines(
        `timeoutMs: ${timeout}, commandTtlMs: ${ttl}, clientTimeoutMs: ${client}`,
        `attempts: ${attempts}, attemptMs: ${attemptMs}`,
      )
      const { tries, waits } = longestPublishMs({ attemptMs, attempts, baseMs: 50, capMs: 1_000 })
      equal(text === '', client > timeout && timeout <= ttl && tries + waits < timeout, text)
    }),
  )
})

test('a client waits longer than its route, and a command lives as long as its client waits', () => {
  equal(
    lines('clientTimeoutMs: 5000'),
    'f:2:69  routes.a.clientTimeoutMs: found 5000, expected more than timeoutMs, which is 5000: the client would leave before its answer',
  )
  equal(
    lines('commandTtlMs: 4999'),
    'f:2:66  routes.a.commandTtlMs: found 4999, expected at least timeoutMs, which is 5000: the command would expire while its client waits',
  )
  equal(lines('clientTimeoutMs: 5001, commandTtlMs: 5000'), '')
})

test('what is wrong already is not complained of again', () => {
  equal(lines('timeoutMs: soon, clientTimeoutMs: 10').split('\n').length, 1)
  equal(lines('timeoutMs: 10', 'attempts: many').split('\n').length, 1)
})
