import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Aborter } from '../src/aborter.ts'
import type { Signal } from '../src/aborter.ts'

test('whoever listens hears of the end once, in the order they came, functions and objects', () => {
  const aborter = new Aborter()
  const heard: string[] = []
  aborter.signal.addEventListener('abort', () => heard.push('first'))
  aborter.signal.addEventListener('abort', { handleEvent: () => heard.push('second') })
  aborter.signal.addEventListener('abort', () => heard.push('third'))
  equal(aborter.signal.aborted, false)
  aborter.abort('why')
  aborter.abort('again')
  deepEqual(heard, ['first', 'second', 'third'])
  equal(aborter.signal.aborted, true)
  equal(aborter.signal.reason, 'why')
})

test('who has stopped listening hears nothing, not even when another stops it while all are told', () => {
  const heard: string[] = []
  const signal = new Aborter()
  const [first, second, third] = ['first', 'second', 'third'].map(name => () => {
    heard.push(name)
    if (name === 'first') signal.removeEventListener('abort', third!)
  })
  for (const listener of [first!, second!, third!]) signal.addEventListener('abort', listener)
  signal.removeEventListener('abort', second!)
  signal.abort(null)
  deepEqual(heard, ['first'])
})

test('who comes to listen after the end hears nothing, as with an AbortSignal', () => {
  for (const controller of [new Aborter(), new AbortController()]) {
    const signal: Signal = controller.signal
    let heard = 0
    signal.addEventListener('abort', () => signal.addEventListener('abort', () => heard++))
    controller.abort('why')
    signal.addEventListener('abort', () => heard++)
    equal(heard, 0)
    equal(signal.reason, 'why')
  }
})

test('a listener that fails does not silence the next', async t => {
  const failed = Promise.withResolvers<unknown>()
  const aborter = new Aborter()
  let heard = 0
  aborter.addEventListener('abort', () => {
    throw new Error('a defect')
  })
  aborter.addEventListener('abort', () => heard++)
  t.mock.method(globalThis, 'queueMicrotask', (task: () => void) => {
    try {
      task()
    } catch (error) {
      failed.resolve(error)
    }
  })
  aborter.abort('why')
  equal(heard, 1)
  equal(((await failed.promise) as Error).message, 'a defect')
})
