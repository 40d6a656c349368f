import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Config } from '../config/schema/index.ts'
import { faultKinds, faults } from '../src/fault.ts'

test('the configuration knows the kinds of faults that there are, and takes of each what it needs', () => {
  for (const kind of faultKinds) {
    const { needs, least, most } = faults[kind]
    for (const value of needs === null ? [0] : [least, most]) {
      const rule = { kind, percent: 1, ...(needs !== null && { [needs]: value }) }
      ok(Config.safeParse({ routes: {}, faults: { rules: { rule } } }).success, `${kind} ${value}`)
    }
  }
  const kinds = Object.keys(Config.parse({ routes: {} }).faults.rules)
  deepEqual(kinds, [])
})

test('each kind is asked for by a header of its own', () => {
  const headers = faultKinds.map(kind => faults[kind].asks)
  equal(new Set(headers).size, faultKinds.length)
  for (const header of headers) ok(header.startsWith('x-fault-'))
})
