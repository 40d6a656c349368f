import { test } from 'node:test'
import { match } from 'node:assert/strict'
import { junit } from '../../src/lab/junit.ts'
import { aResult } from './results.ts'

test('each objective is a case, and one that does not hold is a failure that says what was measured', () => {
  const xml = junit([aResult(), aResult({ variant: 'a & b' })])
  match(xml, /<testsuite name="slow-worker" tests="3" failures="1" time="20" timestamp="2026-01-02T03:04:05\.000Z">/)
  match(xml, /<failure message="asked ≤ 500 ms, measured 800 ms"\/>/)
  match(xml, /name="slow-worker, a &amp; b"/)
  match(xml, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites>[^]*<\/testsuites>\n$/)
})
