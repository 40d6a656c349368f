import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Call, Reply } from '../../src/call.ts'
import { Problem } from '../../src/problem.ts'
import { schema } from '../../src/resilience/schema.ts'
import { aCall, anAnswer } from '../help/call.ts'
import { heard } from './heard.ts'

const violated = new Problem('schema-violation', 'No.', { errors: [{ pointer: '/a', message: 'is not known' }] })
const fails = () => {
  throw violated
}

test('a call goes on as its schema makes it, now or later', async () => {
  const seen: string[] = []
  const next = async ({ topic }: Call): Promise<Reply> => (seen.push(topic), anAnswer)
  await schema<Reply>({ fit: call => ({ ...call, topic: 'now' }) }, 'enforce')(next)(aCall())
  await schema<Reply>({ fit: async call => ({ ...call, topic: 'later' }) }, 'enforce')(next)(aCall())
  deepEqual(seen, ['now', 'later'])
})

test('what violates it is refused with all that is wrong, and goes nowhere', async t => {
  const refused = heard(t, 'refused')
  let called = 0
  const next = async (): Promise<Reply> => (called++, anAnswer)
  for (const fit of [fails, async () => fails()])
    await rejects(schema<Reply>({ fit }, 'enforce')(next)(aCall()), {
      code: 'schema-violation',
      policy: 'schema',
      errors: violated.errors,
    })
  deepEqual([called, refused.length, refused[0]?.observed], [0, 2, false])
})

test('observed, it is counted and goes on as it came', async t => {
  const refused = heard(t, 'refused')
  equal(await schema<Reply>({ fit: fails }, 'observe')(async () => anAnswer)(aCall()), anAnswer)
  deepEqual([refused.length, refused[0]?.observed], [1, true])
})
