import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Writable } from 'node:stream'
import { sse } from '../../../src/routes/streams/sse.ts'
import { WritableSink } from '../../../src/routes/streams/sink.ts'
import { frozenClock } from '../../help/clock.ts'

function aClient(boundBytes = 10) {
  const got: string[] = []
  let read: (() => void) | null = null
  const out = new Writable({
    highWaterMark: 5,
    write(chunk, _encoding, done) {
      got.push(String(chunk))
      read = done
    },
  })
  let lagged = 0
  const sink = new WritableSink(out, { format: sse, boundBytes, flushMs: 1_000, lagged: () => void lagged++ })
  return { sink, out, got, next: () => read?.(), lags: () => lagged }
}

test('what waits beyond the bound is refused, however large one piece may be', () => {
  const { sink } = aClient()
  equal(sink.write(Buffer.alloc(1_000)), true)
  equal(sink.write(Buffer.alloc(1)), false)
})

test('a client that lags is told so once, and cut when it does not even read that', async t => {
  const clock = frozenClock(t)
  const { sink, out, lags } = aClient()
  sink.write(Buffer.alloc(20))
  sink.lag()
  sink.lag()
  deepEqual([lags(), sink.gone, out.destroyed], [1, true, false])
  await clock.advance(1_000)
  equal(out.destroyed, true)
})

test('a client that reads is waited for, and one that does not lags', async t => {
  const clock = frozenClock(t)
  const { sink, next, lags } = aClient()
  sink.write(Buffer.alloc(8))
  const drained = sink.drained()
  next()
  await drained
  sink.write(Buffer.alloc(8))
  const stuck = sink.drained()
  await clock.advance(1_000)
  equal(lags(), 1)
  await clock.advance(1_000)
  await stuck
})

test('pieces go past a response to its socket, and the last words through it', () => {
  const { out: socket, got, next } = aClient()
  const ended: string[] = []
  const response = Object.assign(new Writable({ write: (chunk, _, done) => done(void ended.push(String(chunk))) }), {
    socket,
  })
  const options = { format: sse, boundBytes: 10, flushMs: 1_000, lagged: () => {} }
  const sink = new WritableSink(response, options)
  sink.write(Buffer.from('a'))
  next()
  sink.end(5)
  deepEqual([got, ended, sink.gone], [['a'], ['retry: 5\n\n'], true])
})
