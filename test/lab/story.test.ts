import { test } from 'node:test'
import { deepEqual, match, ok } from 'node:assert/strict'
import { story } from '../../src/lab/story.ts'
import { aResult } from './results.ts'

test('it is told what happened, in sentences', () => {
  const told = story(aResult()).happened.join('\n')
  match(told, /clients asked for 6,000 things, and 83\.3 % of them were answered/)
  match(told, /From 5\.0 s to 10\.0 s \(workers take 100 ms\): after 0\.2 s calls were refused .* 0\.0 s after its end/)
  match(told, /1,000 × bulkhead-full, 250 × reply-timeout/)
  match(told, /1\.0 % were for nobody/)
})

test('what failed most says which options decide', () => {
  match(
    story(aResult()).change.join('\n'),
    /`bulkhead-full`: the workers are full.*\n.*`workers\.orders\.bulkhead\.slots`/,
  )
})

test('what did not recover, and what clients made worse, is said', () => {
  const totals = { ...aResult().totals, sent: 12_000, unwanted: 2_000 }
  const [fault] = aResult().faults
  const { happened, change } = story(
    aResult({ totals, faults: [{ ...fault!, detectMs: null, recoverMs: null }], interrupted: true }),
  )
  match(happened[0] ?? '', /ended before its time/)
  match(happened.join('\n'), /at no time was more refused than answered; it was not over/)
  match(change.join('\n'), /did not recover by itself/)
  match(change.join('\n'), /obey Retry-After/)
  match(change.join('\n'), /drop what has expired/)
})

test('a generator that fell behind never looks good', () => {
  const late = { ...aResult().generatorLate, p99: 35 }
  match(story(aResult({ generatorLate: late })).happened.join('\n'), /generator itself fell behind.* 35 ms late/)
  ok(!story(aResult()).happened.join('\n').includes('fell behind'))
})

test('a machine that was busy elsewhere is told of', () => {
  const busy = story(aResult({ cores: { ...aResult().cores, others: 2.5 } })).happened.join('\n')
  match(busy, /busy with something else: 2\.5 of its 4 cores/)
})

test('a run in which nothing failed asks for no change', () => {
  const totals = { ...aResult().totals, codes: {} }
  deepEqual(story(aResult({ totals, objectives: [] })).change, ['Nothing stands out that ought to change.'])
})

test('of a load that comes from elsewhere nothing is said that only its own clients know', () => {
  const totals = { ...aResult().totals, asked: 0, sent: 0, answered: 0, executed: 170, unwanted: 0, codes: {} }
  deepEqual(story(aResult({ totals })).happened, [
    'In 20.0 s the load came from elsewhere: the workers executed 170 commands.',
    'From 5.0 s to 10.0 s (workers take 100 ms).',
  ])
})
