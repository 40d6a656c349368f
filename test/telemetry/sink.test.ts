import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alarms } from '../../src/clock.ts'
import { Sink } from '../../src/telemetry/sink.ts'
import { frozenClock, seen } from '../help/clock.ts'

const line = (number: number): string => `{"number":${number},"text":"${'ä'.repeat(20)}"}\n`
const lines = (count: number): string[] => Array.from({ length: count }, (_, number) => line(number))

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-sink-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

function fifo(t: TestContext): { path: string; reader: number } {
  const path = join(folder(t), 'fifo')
  execFileSync('mkfifo', [path])
  return { path, reader: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) }
}

/** What is in the pipe now. */
function drain(reader: number): string {
  const parts: Buffer[] = []
  const part = Buffer.alloc(65_536)
  try {
    for (let read = readSync(reader, part); read > 0; read = readSync(reader, part))
      parts.push(Buffer.from(part.subarray(0, read)))
  } catch {
    // empty
  }
  return Buffer.concat(parts).toString('latin1')
}

/** A process of its own that has a sink on `file`, or on its standard output. */
function program(body: string, stdout: number | 'ignore' = 'ignore'): Promise<unknown[]> {
  const sink = new URL('../../src/telemetry/sink.ts', import.meta.url)
  const script = `import { Sink } from ${JSON.stringify(sink)}; ${body}`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', stdout, 'ignore'],
  })
  return once(child, 'exit')
}

test('lines arrive whole, in order, and after what the file had before', async t => {
  const path = join(folder(t), 'log')
  const all = lines(5_000)
  for (const part of [all.slice(0, 2_000), all.slice(2_000)]) {
    await using sink = new Sink(path)
    for (const one of part) sink.write(one)
  }
  equal(readFileSync(path, 'utf8'), all.join(''))
})

test('a line waits for company, but not longer than the flushing time', async t => {
  const clock = frozenClock(t)
  const path = join(folder(t), 'log')
  await using sink = new Sink(path, { flushMs: 250 })
  sink.write('one\n')
  sink.write('two\n')
  await clock.advance(249)
  equal(readFileSync(path, 'utf8'), '')
  await clock.advance(1)
  await seen('both lines', () => readFileSync(path, 'utf8') === 'one\ntwo\n')
})

test('what exceeds the buffer is counted, and what was taken is written', async t => {
  const path = join(folder(t), 'log')
  const sink = new Sink(path, { maxChars: 10 })
  for (const text of ['1234\n', '5678\n', 'x\n', 'y\n']) sink.write(text)
  equal(sink.lost, 2)
  await sink[Symbol.asyncDispose]()
  equal(readFileSync(path, 'utf8'), '1234\n5678\n')
})

test('a line after the end is counted', async t => {
  const sink = new Sink(join(folder(t), 'log'))
  await sink[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  sink.write('late\n')
  equal(sink.lost, 1)
})

test('a full disk costs the lines and nothing else', async () => {
  const sink = new Sink('/dev/full')
  for (const one of lines(3_000)) sink.write(one)
  await sink[Symbol.asyncDispose]()
  equal(sink.lost, 3_000)
})

test('a pipe whose reader is slow gets every line', async t => {
  const clock = frozenClock(t)
  const { path, reader } = fifo(t)
  const sink = new Sink(path)
  const all = lines(5_000) // more than a pipe holds
  for (const one of all) sink.write(one)
  await clock.advance(250)
  const expected = Buffer.from(all.join('')).toString('latin1')
  let got = ''
  while (got.length < expected.length) {
    await clock.advance(20)
    got += drain(reader)
  }
  equal(got, expected)
  await sink[Symbol.asyncDispose]()
  equal(sink.lost, 0)
  closeSync(reader)
})

test('a reader that left costs lines, and the next reader begins with a whole one', async t => {
  const clock = frozenClock(t)
  const { path, reader } = fifo(t)
  const sink = new Sink(path)
  const all = lines(3_000)
  for (const one of all) sink.write(one)
  await clock.advance(250)
  for (let turn = 0; turn < 200; turn++) await clock.advance(0) // the pipe is full, and the next attempt has been refused
  const got = drain(reader) // ends within a line
  closeSync(reader)
  const complete = got.split('\n').length - 1
  // a busy machine is slow to tell of each write
  for (let i = 0; i < 500 && sink.lost < all.length - complete; i++) await clock.advance(20)
  equal(sink.lost, all.length - complete)
  const next = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  sink.write('{"number":"next"}\n')
  await sink[Symbol.asyncDispose]()
  equal(drain(next), '\n{"number":"next"}\n')
  equal(sink.lost, all.length - complete)
  closeSync(next)
})

test('closing waits a second for a reader that sleeps, and counts the rest', async t => {
  const clock = frozenClock(t)
  const { path, reader } = fifo(t)
  const before = alarms()
  const sink = new Sink(path)
  const all = lines(5_000)
  for (const one of all) sink.write(one)
  let closed = false
  void sink[Symbol.asyncDispose]().then(() => (closed = true))
  const full = (): Promise<void> => seen('it waits to try again, no thread is writing', () => alarms() === before + 2)
  for (let ms = 0; ms < 990; ms += 15) {
    await full()
    await clock.advance(15) // it tries with every other step, the last time at 990 ms: no thread writes when it gives up
  }
  await full()
  equal(closed, false)
  await clock.advance(15)
  equal(closed, true)
  const complete = drain(reader).split('\n').length - 1
  equal(sink.lost, all.length - complete)
  closeSync(reader)
})

test('a file that cannot be opened is an error at once', t => {
  throws(() => new Sink(join(folder(t), 'nowhere', 'log')), /ENOENT/)
})

test('a process that ends at once, or by an exception, leaves its lines', async t => {
  const path = join(folder(t), 'log')
  const body = `new Sink(${JSON.stringify(path)}).write('last words\\n');`
  deepEqual(await program(`${body} process.exit(3)`), [3, null])
  deepEqual(await program(`${body} throw new Error('out')`), [1, null])
  deepEqual(await program(body), [0, null])
  equal(readFileSync(path, 'utf8'), 'last words\n'.repeat(3))
})

test('a full disk does not keep a process from its end', async () => {
  deepEqual(await program(`new Sink('/dev/full').write('lost\\n'); process.exit(0)`), [0, null])
})

test('a reader that sleeps behind standard output does not keep a process from its end', async t => {
  const { path, reader } = fifo(t)
  const writer = openSync(path, 'w')
  const body = `const sink = new Sink(undefined, { flushMs: 1 })
    for (let i = 0; i < 100_000; i++) sink.write('0123456789\\n')
    setTimeout(() => process.exit(0), 50)`
  deepEqual(await program(body, writer), [0, null])
  ok(drain(reader).startsWith('0123456789\n'))
  closeSync(writer)
  closeSync(reader)
})
