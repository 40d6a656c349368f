import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { ask, pipe, unsent } from '../src/call.ts'
import type { Policy } from '../src/call.ts'

test('the first policy of a pipe is the outermost: first with the input, last with the result', async () => {
  const seen: string[] = []
  const named =
    (name: string): Policy<string, string> =>
    next =>
    async input => {
      seen.push(`${name} in`)
      const output = await next(`${input}${name}`)
      seen.push(`${name} out`)
      return output
    }
  equal(await pipe([named('a'), named('b')], async input => `${input}!`)('x'), 'xab!')
  deepEqual(seen, ['a in', 'b in', 'b out', 'a out'])
})

test('a pipe without policies is its core', async () => {
  equal(await pipe([], async (input: number) => input + 1)(1), 2)
})

test('asked, a service that throws in place of rejecting rejects', async () => {
  equal(await ask(async (input: number) => input + 1, 1), 2)
  const throws = (): never => {
    throw new Error('at once')
  }
  await rejects(ask(throws, 1), { message: 'at once' })
})

test('a call begins as one of which nothing was sent, and shares nothing with others', () => {
  const first = unsent()
  first.outcome = 'sent'
  equal(unsent().outcome, 'not-sent')
})
