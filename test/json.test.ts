import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { isDeeper, parseJson } from '../src/json.ts'
import { Problem } from '../src/problem.ts'

test('what is no JSON in UTF-8 is a bad request, and is not quoted', () => {
  deepEqual(parseJson(Buffer.from('{"a":[1]}')), { a: [1] })
  for (const [body, detail] of [
    [Buffer.from('{"secret":'), 'The body is not JSON.'],
    [Buffer.from([0x22, 0xff, 0x22]), 'The body is not UTF-8.'],
    [Buffer.from('['.repeat(65)), 'The body is nested deeper than 64 levels.'],
  ] as const)
    throws(
      () => parseJson(body),
      (error: Problem) => error instanceof Problem && error.code === 'invalid-request' && error.message === detail,
    )
})

test('brackets within text are no levels', () => {
  equal(isDeeper(Buffer.from(`{"a":"${'['.repeat(100)}\\"${'{'.repeat(100)}"}`), 64), false)
  equal(isDeeper(Buffer.from('[],'.repeat(100)), 1), false)
})

test('the depth is that of the parsed value', () => {
  const depth = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 0, max: 8 }), (value, levels) =>
      equal(isDeeper(Buffer.from(JSON.stringify(value)), levels), depth(value) > levels),
    ),
  )
})
