import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { capacity, usual } from '../../src/lab/behaviour.ts'

test('what a member can do follows from its places and the time that a command takes', () => {
  equal(capacity(usual), 500)
  equal(capacity({ ...usual, places: 5, serviceMs: 100 }), 50)
})
