import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { Ledger } from '../../../src/bridge/durable/ledger.ts'
import type { Step } from '../../../src/bridge/durable/record.ts'

const aStep = (over: Partial<Step> = {}): Step => ({
  kind: 'append',
  type: 'text/plain',
  producer: null,
  seq: null,
  closes: false,
  value: Buffer.from('v'),
  ...over,
})
const aLedger = (streams = 10) => {
  const ledger = new Ledger({ streams, defaultType: 'text/plain' })
  let offset = 0
  return {
    ledger,
    apply: (step: Partial<Step> = {}, key = 'k') =>
      ledger.apply(key, aStep(step), { partition: 0, offset: offset++, log: 7 }).fate,
  }
}
const by = (epoch: number, seq: number) => ({ producer: { id: 'p', epoch, seq } })

test('a producer is heard once for each batch, in their order, and an older epoch not at all', () => {
  const { ledger, apply } = aLedger()
  apply({ kind: 'create' })
  deepEqual(
    [by(0, 1), by(0, 0), by(0, 0), by(0, 1), by(0, 3), by(1, 1), by(1, 0), by(0, 2)].map(step => apply(step)),
    ['gap', 'appended', 'duplicate', 'appended', 'gap', 'misbegun', 'appended', 'stale'],
  )
  deepEqual(ledger.get('k')?.producers.get('p'), { epoch: 1, seq: 0 })
  equal(ledger.get('k')?.void.size, 5)
})

test('a closed stream takes nothing more, and is closed once', () => {
  const { apply } = aLedger()
  apply({ kind: 'create' })
  const closes = { closes: true, value: null }
  deepEqual(
    [apply(closes), apply(closes), apply(), apply({ ...closes, ...by(0, 0) })],
    ['appended', 'duplicate', 'closed', 'closed'],
  )
})

test('what is of another type, or whose sequence is not above the last, is refused', () => {
  const { apply } = aLedger()
  apply({ kind: 'create' })
  deepEqual(
    [apply({ type: 'Text/Plain; charset=utf-8', seq: '2' }), apply({ seq: '10' }), apply({ type: 'application/json' })],
    ['appended', 'late', 'mismatch'],
  )
})

test('a stream that was deleted can be made again, and knows nothing of what it was', () => {
  const { ledger, apply } = aLedger()
  deepEqual(
    [
      apply({ kind: 'create' }),
      apply({ kind: 'create' }),
      apply({ kind: 'create', type: 'a/b' }),
      apply({ kind: 'delete' }),
      apply({ kind: 'delete' }),
      apply({ kind: 'create' }),
    ],
    ['created', 'exists', 'mismatch', 'deleted', 'unknown', 'created'],
  )
  equal(ledger.get('k')?.first, 5)
})

test('a record of somebody else makes a stream, and beyond the bound nothing does', () => {
  const { ledger, apply } = aLedger(1)
  equal(apply(), 'created')
  deepEqual([apply({ kind: 'create' }, 'other'), ledger.get('other'), ledger.size], ['full', null, 1])
})

test('two instances come to the same, whatever is in the log', () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom<Step['kind']>('create', 'append', 'append', 'append', 'delete'),
      producer: fc.option(
        fc.record({
          id: fc.constantFrom('p', 'q'),
          epoch: fc.integer({ min: 0, max: 2 }),
          seq: fc.integer({ min: 0, max: 3 }),
        }),
      ),
      seq: fc.option(fc.constantFrom('1', '2', '3')),
      closes: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(steps, all => {
      const [one, other] = [aLedger(), aLedger()]
      deepEqual(
        all.map(step => one.apply(step)),
        all.map(step => other.apply(step)),
      )
      deepEqual(one.ledger.get('k'), other.ledger.get('k'))
    }),
  )
})
