import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { failing, figure, none, note, percent, seconds, share, table, timed } from '../../src/lab/verdict.ts'

const figures = [figure('a', '≤ 1', 2, false), timed('b', '≤ 2 ms', '1 ms', true), note('c', 'so')]

test('only what was asked for can fail', () => {
  deepEqual(
    failing(figures).map(({ name }) => name),
    ['a'],
  )
})

test('a table says of each figure what was asked, what was measured and whether it holds', () => {
  equal(
    table('story', figures),
    [
      '       story  asked   measured',
      'FAILS  a      ≤ 1     2',
      'holds  b      ≤ 2 ms  1 ms',
      '       c              so',
    ].join('\n'),
  )
})

test('what must be nothing names the first that is there', () => {
  deepEqual(
    [none('x', '0', 1_000, []), none('x', '0', 10, ['this', 'that'])].map(({ measured, holds }) => [measured, holds]),
    [
      ['0 of 1,000', true],
      ['2 of 10: this', false],
    ],
  )
})

test('numbers are written for people', () => {
  deepEqual(
    [percent(1, 4), percent(0, 0), share(1, 4), seconds(1_234), seconds(Infinity)],
    [25, 100, '25.0 % of 4', '1.2 s', 'never'],
  )
})
