import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Reply } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import { gate } from '../../../src/resilience/gate/gate.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { heard } from '../heard.ts'

const unready = new Problem('not-ready', 'No metadata.', { retryAfterMs: 1_000 })
const openCircuit = new Problem('circuit-open', 'Open.')

test('refuses with what the first check says, signs it and calls nobody', async t => {
  const refused = heard(t, 'refused')
  let called = 0
  const service = gate<Reply>(
    [() => null, () => unready, () => openCircuit],
    'enforce',
  )(async () => (called++, anAnswer))
  await rejects(service(aCall()), { code: 'not-ready', policy: 'gate', retryAfterMs: 1_000 })
  equal(called, 0)
  deepEqual(
    refused.map(({ problem: { code }, policy }) => [code, policy]),
    [['not-ready', 'gate']],
  )
})

test('lets through when no check objects', async () => {
  equal(await gate<Reply>([() => null], 'enforce')(async () => anAnswer)(aCall()), anAnswer)
})

test('observed, it counts once and lets through', async t => {
  const refused = heard(t, 'refused')
  equal(await gate<Reply>([() => unready, () => openCircuit], 'observe')(async () => anAnswer)(aCall()), anAnswer)
  equal(refused.length, 1)
})
