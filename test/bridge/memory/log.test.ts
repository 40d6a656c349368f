import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { Log } from '../../../src/bridge/memory/log.ts'
import { weigh } from '../../../src/bridge/memory/segment.ts'

const content = (value: string) => ({ key: null, value: Buffer.from(value), headers: [] })
const append = (log: Log, value: string): number => log.append(content(value), weigh(content(value)), 0)

test('a log keeps the newest records within both limits, under offsets that never change', () => {
  const limits = fc.record({ records: fc.integer({ min: 1, max: 50 }), bytes: fc.integer({ min: 1, max: 5_000 }) })
  fc.assert(
    fc.property(limits, fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }), (retention, sizes) => {
      const log = new Log('t', 0, retention)
      sizes.forEach((size, i) => {
        equal(append(log, String(i).padStart(size, '.')), i)
        ok(log.end - log.first <= retention.records)
        ok(log.bytes <= retention.bytes || log.end - log.first === 1, 'the newest record is always kept')
      })
      equal(log.end, sizes.length)
      for (let offset = log.first; offset < log.end; offset++)
        equal(Number(String(log.at(offset).value).replace(/^\.+/, '')), offset)
    }),
  )
})

test('a long life leaves no trace of what was dropped', () => {
  const log = new Log('t', 3, { records: 10, bytes: 1e9 })
  for (let i = 0; i < 10_000; i++) append(log, String(i))
  deepEqual([log.first, log.end], [9_990, 10_000])
  equal(log.bytes, 10 * weigh(content('9999')))
  equal(String(log.at(9_990).value), '9990')
  for (const offset of [9_989, 10_000, -1]) throws(() => log.at(offset), RangeError)
})
