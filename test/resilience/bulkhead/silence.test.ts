import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { Silence } from '../../../src/resilience/bulkhead/silence.ts'

test('slots are kept until it ends, and none once something else is concluded from it', () => {
  let concluded = false
  const silence = new Silence(() => concluded)
  equal(silence.slots, 0)
  silence.keep()
  silence.keep()
  equal(silence.slots, 2)
  concluded = true
  equal(silence.slots, 0)
  concluded = false
  silence.end()
  equal(silence.slots, 0)
})
