import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { Pair } from '../../../src/call.ts'
import { TermsReader, stillServes, termsOf } from '../../../src/resilience/fallback/freshness.ts'
import { anAnswer } from '../../help/call.ts'

const terms = (control: string, more: readonly Pair[] = [], status = 200) =>
  termsOf({ ...anAnswer, status, headers: [['cache-control', control], ...more] })
const silent = { everybody: false, freshMs: 0, failingMs: Infinity, ageMs: 0, vary: null }

test('a reply that says nothing is kept for its client, and serves as long as the operator allows', () => {
  deepEqual(termsOf(anAnswer), silent)
  deepEqual(terms(''), silent)
  ok(stillServes(termsOf(anAnswer)!, 1e12))
})

test('only what is about the thing and not about the request is kept', () => {
  for (const status of [200, 203, 404]) ok(terms('public', [], status) !== null, `${status}`)
  for (const status of [201, 202, 204, 206, 301, 304, 400, 401, 403, 410, 500, 503])
    equal(terms('public, max-age=60', [], status), null, `${status}`)
})

test('what must not be kept, or not served without asking, is not', () => {
  for (const control of ['no-store', 'private', 'no-cache', 'PRIVATE', 'max-age=9, no-store', 'private="set-cookie"'])
    equal(terms(control), null, control)
  equal(
    terms('public', [
      ['cache-control', 'max-age=1'],
      ['cache-control', 'no-store'],
    ]),
    null,
  )
})

test('an age and the time to serve it are read as RFC 9111 and RFC 5861 say', () => {
  deepEqual(terms('public, max-age=60'), { ...silent, everybody: true, freshMs: 60_000 })
  deepEqual(terms('max-age=60, stale-if-error=30'), { ...silent, freshMs: 60_000, failingMs: 30_000 })
  deepEqual(terms('Max-Age="60" , Stale-If-Error = 30'), { ...silent, freshMs: 60_000, failingMs: 30_000 })
  deepEqual(terms('max-age=60, s-maxage=5'), { ...silent, freshMs: 5_000, failingMs: 0 })
  deepEqual(terms('max-age=60, must-revalidate'), { ...silent, freshMs: 60_000, failingMs: 0 })
  deepEqual(terms('max-age=60, proxy-revalidate, stale-if-error=30')?.failingMs, 0)
  equal(terms('', [['age', '17']])?.ageMs, 17_000)
})

test('what cannot be read is rather too old than too fresh', () => {
  for (const control of ['max-age=-1', 'max-age=x', 'max-age', 'max-age=1.5', 'max-age="', 'max-age=1e9'])
    equal(terms(control)?.freshMs, 0, control)
  equal(terms('stale-if-error=x')?.failingMs, 0)
  equal(terms('max-age=60, max-age=5')?.freshMs, 5_000)
  equal(terms('max-age=99999999999999999999')?.freshMs, 2_147_483_648_000)
  equal(terms('x="a, no-store", max-age=1')?.freshMs, 1_000)
  equal(terms('x="\\", no-store", max-age=1')?.freshMs, 1_000)
})

test('the headers that it depends on are named, and a star forbids it', () => {
  deepEqual(terms('', [['vary', 'Accept , accept-language']])?.vary, ['accept', 'accept-language'])
  deepEqual(
    terms('', [
      ['vary', 'a'],
      ['vary', 'b'],
    ])?.vary,
    ['a', 'b'],
  )
  deepEqual(terms('', [['vary', '']])?.vary, [])
  equal(terms('', [['vary', 'a, *']]), null)
})

test('any terms serve as the simplest reading of the two documents does', () => {
  const seconds = fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined })
  const said = fc.record({
    maxAge: seconds,
    shared: seconds,
    failing: seconds,
    strict: fc.boolean(),
    noStore: fc.boolean(),
    age: fc.integer({ min: 0, max: 300 }),
  })
  fc.assert(
    fc.property(said, ({ maxAge, shared, failing, strict, noStore, age }) => {
      const parts = [
        maxAge === undefined ? [] : [`max-age=${maxAge}`],
        shared === undefined ? [] : [`s-maxage=${shared}`],
        failing === undefined ? [] : [`stale-if-error=${failing}`],
        strict ? ['must-revalidate'] : [],
        noStore ? ['no-store'] : [],
      ]
      const read = terms(parts.flat().join(', '))
      const served = read !== null && stillServes(read, age * 1_000)
      const isFresh = age <= (shared ?? maxAge ?? 0)
      const mayBeStale = !strict && shared === undefined && (failing === undefined || age <= (maxAge ?? 0) + failing)
      equal(served, !noStore && (isFresh || mayBeStale))
    }),
    { numRuns: 1_000 },
  )
})

test('evil headers are read in linear time', () => {
  for (const part of [',', '"', '\\', '=', 'max-age=1,', '"\\', ' ']) {
    const start = performance.now()
    terms(part.repeat(50_000 / part.length), [['vary', part.repeat(50_000 / part.length)]])
    ok(performance.now() - start < 250, part)
  }
})

test('a reader of many replies says the same as one of each', () => {
  const reader = new TermsReader()
  const control = fc.constantFrom('', 'public', 'no-store', 'max-age=5', 'max-age=5, stale-if-error=1')
  const vary = fc.constantFrom('', 'a', 'a, b', '*')
  const status = fc.constantFrom(200, 404, 500)
  fc.assert(
    fc.property(control, vary, status, fc.integer({ min: 0, max: 400 }), (control, vary, status, age) => {
      const headers: Pair[] = [
        ['cache-control', control],
        ['vary', vary],
        ['age', String(age)],
      ]
      const reply = { ...anAnswer, status, headers }
      deepEqual(reader.of(reply), termsOf(reply))
      deepEqual(reader.of(reply), termsOf(reply))
    }),
    { numRuns: 1_000 },
  )
})
