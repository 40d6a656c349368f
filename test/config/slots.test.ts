import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (bulkhead: string): string =>
  format(parse(`routes: {}\nworkers: { a: { topic: t, bulkhead: { ${bulkhead} } } }`, 'f').mistakes)

test('the minimum of the limit is not above the slots', () => {
  equal(said('slots: 7, min: 8'), 'f:2:54  workers.a.bulkhead.min: found 8, expected at most slots, which is 7')
  equal(said('min: 513'), 'f:2:44  workers.a.bulkhead.min: found 513, expected at most slots, which is 512 by default')
  equal(said('slots: 8, min: 8'), '')
})

test('few slots need no other minimum', () => {
  equal(said('slots: 1'), '')
})

test('what is wrong already is not complained of again', () => {
  equal(said('slots: few, min: 8').split('\n').length, 1)
})

const shared = (shares: readonly string[], more = ''): string =>
  format(
    parse(
      `workers: { a: { topic: t }, b: { topic: u } }\nroutes:\n${shares
        .map((share, i) => `  r${i}: { match: GET /${i}, query: { to: a }, ${share} }`)
        .join('\n')}${more}`,
      'f',
    ).mistakes,
  )

test('the shares of the routes to one worker are no more than all of its slots', () => {
  equal(shared(['share: 60', 'share: 40']), '')
  equal(
    shared(['share: 60', 'share: 41', 'share: 10']),
    'f:4:49  routes.r1.share: found 41, expected at most 40: the shares of all routes to a are 100 together',
  )
  equal(shared(['share: 60'], '\n  other: { match: POST /, command: { to: b }, share: 60 }'), '')
})

test('an event takes no slots, and has no share of them', () => {
  equal(
    shared([], '  e: { match: POST /, event: { topic: e }, share: 10 }'),
    'f:3:51  routes.e.share: found on an event, which takes no slots: expected on a command or a query',
  )
})
