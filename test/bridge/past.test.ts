import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { isSameLog, logOf } from '../../src/bridge/past.ts'

test('a log is told from another one, unless one of them is not known', () => {
  const [one, other] = [logOf('a'), logOf('b')]
  deepEqual([isSameLog(one, logOf('a')), isSameLog(one, other), isSameLog(one, logOf(null))], [true, false, true])
})
