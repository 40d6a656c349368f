import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Told } from './million.ts'

const million = new URL('million.ts', import.meta.url).pathname

test('a million calls of 100,000 clients leave a flat heap, and no timer but theirs', async t => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', million])
  const { heap, grown, mostAlarms, alarms, inside } = JSON.parse(stdout) as Told
  t.diagnostic(`${(heap / 1e6).toFixed(1)} MB, grown by ${(grown / 1e6).toFixed(2)} MB`)
  ok(grown < 2_000_000, `grown by ${grown} bytes`)
  ok(mostAlarms <= 2 * 500, `${mostAlarms} alarms for 500 calls at once`)
  deepEqual([alarms, inside], [0, 0])
})
