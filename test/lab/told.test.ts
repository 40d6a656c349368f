import { test } from 'node:test'
import { match } from 'node:assert/strict'
import { told } from '../../src/lab/told.ts'
import { aResult } from './results.ts'

test('a result is told as its verdict, and as a story', () => {
  match(told('slow-worker', aResult()), /^ +slow-worker +asked +measured\n[^]*\n\n {2}In \d/)
})
