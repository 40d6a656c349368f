import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Branch } from '../../src/resilience/branch.ts'

test('a branch aborts with its stem, for the same reason, and a stem not with its branch', () => {
  const stem = new AbortController()
  using branch = new Branch(stem.signal)
  using other = new Branch(stem.signal)
  other.abort('of its own')
  deepEqual([stem.signal.aborted, branch.signal.aborted], [false, false])
  stem.abort('why')
  deepEqual([branch.signal.reason, other.signal.reason], ['why', 'of its own'])
})

test('of a stem that has aborted already, the branch has too', () => {
  using branch = new Branch(AbortSignal.abort('why'))
  equal(branch.signal.reason, 'why')
})

test('once it is cut off, it leaves no listener and hears nothing', t => {
  const { signal } = new AbortController()
  let listeners = 0
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  t.mock.method(signal, 'addEventListener', (...given: Parameters<typeof add>) => (listeners++, add(...given)))
  t.mock.method(signal, 'removeEventListener', (...given: Parameters<typeof remove>) => (listeners--, remove(...given)))
  const stem = new AbortController()
  const branch = new Branch(stem.signal)
  branch[Symbol.dispose]()
  stem.abort('late')
  equal(branch.signal.aborted, false)
  new Branch(signal)[Symbol.dispose]()
  equal(listeners, 0)
})
