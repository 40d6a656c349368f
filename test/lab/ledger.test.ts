import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { ledgerRows } from '../../src/lab/ledger.ts'
import type { Ledgers } from '../../src/lab/run.ts'
import { aRun } from './runs.ts'

const failing = (ledger: Ledgers | null): readonly string[] =>
  ledgerRows({ ...aRun(), ledger }).flatMap(({ name, holds }) => (holds === false ? [name] : []))

test('what clients were told agrees with the topic', () => {
  const clients = [
    ['a', 1, 1],
    ['b', 0, 0],
    ['c', 0, 2],
  ] as const
  deepEqual(failing({ clients, topic: { a: 1, c: 2 } }), [])
  deepEqual(failing({ clients, topic: { c: 1 } }), ['answered, and not in the topic'])
  deepEqual(failing({ clients, topic: { a: 1, b: 1 } }), ['refused as not sent, and in the topic'])
  deepEqual(failing({ clients, topic: { a: 1, c: 3 } }), ['more commands than sendings'])
})

test('without a reader of the topic it is only said that nothing was read', () => {
  deepEqual(failing(null), [])
  deepEqual(ledgerRows({ ...aRun(), ledger: null }).at(-1)?.holds, null)
})

test('an answer to somebody else’s request fails whatever else is known', () => {
  const rows = ledgerRows({ ...aRun(), crossed: 1 })
  deepEqual(rows[0]?.holds, false)
})
