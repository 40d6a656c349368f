import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { Limit } from '../../../src/worker/projection/limit.ts'

test('a limit ends with the first of the others, or by itself, and leaves nothing behind', () => {
  const [one, two] = [new AbortController(), new AbortController()]
  {
    using limit = new Limit(one.signal, undefined, two.signal)
    equal(limit.signal.aborted, false)
    two.abort()
    equal(limit.signal.aborted, true)
    using own = new Limit(one.signal)
    own.end()
    equal(own.signal.aborted, true)
    using late = new Limit(two.signal)
    equal(late.signal.aborted, true)
  }
  equal(getEventListeners(one.signal, 'abort').length, 0)
})
