import { STATUS_CODES } from 'node:http'
import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { outcomes, Problem, problems, strongest } from '../src/problem.ts'
import type { ProblemCode } from '../src/problem.ts'

for (const [code, { status, title, advice }] of Object.entries(problems))
  test(`${code} has a code fit for a label, a status that is one, a fixed sentence and advice`, () => {
    match(code, /^[a-z]+(-[a-z]+)*$/)
    equal(status === 499 || (status >= 400 && STATUS_CODES[status] !== undefined), true)
    match(title, /^[A-Z][^{}$]*\.$/)
    match(advice, /\.$/)
  })

test('whatever blames somebody may pass, and is no fault of the client', () => {
  for (const [code, { blames, status }] of Object.entries(problems))
    if (blames !== null) equal(status >= 500, true, code)
})

test('the strongest of two outcomes is the one that knows of more', () => {
  for (const [i, a] of outcomes.entries())
    for (const [j, b] of outcomes.entries()) equal(strongest(a, b), outcomes[Math.max(i, j)])
})

test('a problem takes its row’s outcome unless it knows better, and keeps everything else', () => {
  const cause = new Error('below')
  const details = { retryAfterMs: 7, policy: 'p', limit: 5, observed: 6, violated: ['v'], cause }
  const problem = new Problem('publish-timeout', 'silent', details)
  equal(problem.outcome, 'in-doubt')
  equal(problem.withOutcome('in-doubt'), problem)
  const sent = problem.withOutcome('sent')
  equal(sent.outcome, 'sent')
  const rest = ['code', 'message', 'retryAfterMs', 'limit', 'observed', 'violated', 'cause'] as const
  for (const name of ['policy', ...rest] as const) equal(sent[name], problem[name], name)
  equal(problem.signed('p'), problem)
  const signed = problem.signed('gate')
  equal(signed.policy, 'gate')
  for (const name of ['outcome', ...rest] as const) equal(signed[name], problem[name], name)
})

test('what nobody expected is internal, with its cause for the log and nothing of it for the client', () => {
  const cause = new TypeError('secret')
  const problem = Problem.from(cause)
  equal(problem.code satisfies ProblemCode, 'internal')
  equal(problem.message.includes('secret'), false)
  equal(problem.cause, cause)
  equal(Problem.from(problem), problem)
})

test('a refusal collects no stack: it is a value, and must stay cheap', () => {
  const limit = Error.stackTraceLimit
  equal(new Problem('rate-limited', 'too much').stack?.includes('\n'), false)
  equal(new Problem('internal', 'a defect').stack?.includes('\n'), true)
  equal(Error.stackTraceLimit, limit)
})
