import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { events } from '../src/events.ts'
import { Readiness } from '../src/readiness.ts'

test('is ready when nothing blocks it any more, and says each change once', () => {
  const told: string[] = []
  const listen = ({ kind, detail }: { kind: string; detail: string }): void => void told.push(`${kind} ${detail}`)
  events.lifecycle.subscribe(listen)
  const readiness = new Readiness()
  readiness.block('kafka', 'no broker answers')
  readiness.block('kafka', 'no broker answers')
  readiness.block('replies', 'not positioned')
  equal(readiness.ready, false)
  deepEqual(readiness.reasons, { kafka: 'no broker answers', replies: 'not positioned' })
  readiness.clear('kafka')
  readiness.clear('replies')
  readiness.clear('replies')
  equal(readiness.ready, true)
  deepEqual(told, [
    'unready no broker answers',
    'unready no broker answers; not positioned',
    'unready not positioned',
    'ready ',
  ])
  events.lifecycle.unsubscribe(listen)
})
