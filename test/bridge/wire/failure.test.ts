import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { failureReply } from '../../../src/bridge/wire/failure.ts'

const problem = (said: string): unknown => JSON.parse(Buffer.from(failureReply(said).body).toString())

test('what failed becomes a problem, with the status that the exception names', () => {
  deepEqual(problem('{"status":"error","message":"no stock"}'), {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    detail: 'no stock',
  })
  equal(failureReply('{"statusCode":404,"message":"no order"}').status, 404)
  for (const status of [200, 399, 600, 404.5, '404', null])
    equal(failureReply(JSON.stringify({ status, message: '' })).status, 500)
})

test('whatever it says, it is a failure with a detail', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), said => {
      const { status } = failureReply(said)
      equal(status >= 400 && status <= 599, true)
      equal(typeof (problem(said) as { detail: unknown }).detail, 'string')
    }),
  )
})
