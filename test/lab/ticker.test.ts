import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { lineOf, ticker } from '../../src/lab/ticker.ts'
import { constant } from '../../src/lab/rate.ts'
import { aRun } from './runs.ts'

const { scene } = aRun(undefined, {
  populations: [{ name: 'a', rate: constant(10, 12_000), patienceMs: 1 }],
  shades: [{ label: 'broker down', fromMs: 4_000, toMs: 6_000, fault: true }],
})
const at = (atMs: number) => ({ atMs, asked: 300, served: 100, p99: atMs === 5_000 ? 81.4 : null })

test('a line says what was asked and answered, what befalls, and what is left', () => {
  equal(lineOf(at(5_000), scene, 12_000), '300/s asked  100/s answered  p99 81 ms  broker down  7 s left')
  equal(lineOf(at(10_000), scene, 12_000), '300/s asked  100/s answered  p99 –  2 s left')
})

test('on a terminal the line changes, elsewhere there is one at first and each five seconds', () => {
  const shown = (isTTY: boolean): readonly string[] => {
    const written: string[] = []
    const { progress, end } = ticker(scene, { isTTY, write: text => written.push(text) })
    for (let atMs = 1_000; atMs <= 10_000; atMs += 1_000) progress(at(atMs))
    end()
    return written
  }
  deepEqual([shown(true).length, shown(true).at(-1)], [11, '\n'])
  equal(shown(false).length, 3)
})
