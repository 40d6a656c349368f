import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import {
  clockOf,
  dateOf,
  daysFrom,
  momentOf,
  unitsFrom,
  unitsOfMoment,
} from '../../../../src/bridge/schemas/avro/time.ts'

test('a day is its date, and the date the day', () => {
  fc.assert(
    fc.property(fc.integer({ min: -719_000, max: 2_900_000 }), days => {
      equal(dateOf(days), new Date(days * 86_400_000).toISOString().slice(0, 10))
      equal(daysFrom(dateOf(days)), days)
    }),
  )
  fc.assert(fc.property(fc.integer(), days => equal(daysFrom(dateOf(days)), days)))
  for (const text of ['2025-02-29', '2025-13-01', '2025-00-10', '2025-1-1', '+2025-01-01']) equal(daysFrom(text), null)
})

test('a moment of 64 bits comes back from its text, in every unit', () => {
  fc.assert(
    fc.property(
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      fc.constantFrom(3, 6, 9),
      fc.boolean(),
      (units, decimals, local) => equal(unitsOfMoment(momentOf(units, decimals, local), decimals, local), units),
    ),
  )
  equal(momentOf(0n, 3, false), '1970-01-01T00:00:00.000Z')
})

test('a time of day comes back, and one that there is not is none', () => {
  fc.assert(fc.property(fc.bigInt(0n, 86_399_999_999n), units => equal(unitsFrom(clockOf(units, 6), 6), units)))
  for (const text of ['24:00:00', '12:60:00', '12:00:60', '12:00', '12:00:00.0001']) equal(unitsFrom(text, 3), null)
})
