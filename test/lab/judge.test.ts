import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { judge } from '../../src/lab/judge.ts'
import { aRun } from './runs.ts'

const brief = (...objectives: Parameters<typeof judge>[1]): readonly string[] =>
  judge(aRun(), objectives, []).map(
    ({ name, measured, holds }) => `${name}: ${measured} ${holds === true ? 'holds' : 'fails'}`,
  )

test('each measure of an objective is a line of the verdict', () => {
  deepEqual(brief({ during: 'during', answeredPercent: 70, p99Ms: 10, amplification: 1 }), [
    'requests answered during during: 0 % fails',
    '99 of 100 answers within during during: 20 ms fails',
    'sendings for each request during during: 1 holds',
  ])
})

test('one class of clients is judged by itself', () => {
  deepEqual(
    brief({ of: 'a', during: 'during', goodputPercent: 100 }, { of: 'b', during: 'during', goodputPercent: 100 }),
    [
      'answered of what was possible of a during during: 100 % holds',
      'answered of what was possible of b during during: 50 % fails',
    ],
  )
})

test('work for nobody is a share of what was executed, and what never happened does not hold', () => {
  deepEqual(brief({ during: 'before', wastedPercent: 5, recoverMs: 5 }), [
    'executed for nobody during before: 10 % fails',
    'over after during before: never fails',
  ])
})
