import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { asides } from '../../src/lab/asides.ts'
import { failing } from '../../src/lab/verdict.ts'
import { aRun } from './runs.ts'

test('what one must know of a run is told, and a crossed answer fails it', () => {
  const told = asides(aRun(), 'ours').map(({ name, measured }) => `${name}: ${measured}`)
  deepEqual(told, [
    'ours: answers to somebody else’s request: 0',
    'ours: cores used: gateway 0.25',
    'ours: the generator itself was late, p99: 0 ms of 0',
  ])
  deepEqual(failing(asides(aRun(), 'ours')), [])
  deepEqual(
    failing(asides({ ...aRun(), crossed: 1 }, 'ours')).map(({ measured }) => measured),
    ['1'],
  )
})
