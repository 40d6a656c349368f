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
