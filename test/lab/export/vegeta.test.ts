import { test } from 'node:test'
import { deepEqual, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { vegeta } from '../../../src/lab/export/vegeta.ts'
import { twoKinds } from './kinds.ts'

test('ramps are steps of a second, and each target is a request as clients send it', () => {
  const script = vegeta(twoKinds())
  deepEqual(script.match(/-rate=\d+\/1s -duration=\d+ms/g), [
    '-rate=63/1s -duration=1000ms',
    '-rate=88/1s -duration=1000ms',
    '-rate=100/1s -duration=1000ms',
  ])
  const target = JSON.parse(/^\{.*\}$/m.exec(script)?.[0] ?? '') as Readonly<Record<string, string>>
  deepEqual([target['method'], target['url']], ['POST', 'http://127.0.0.1:8080/orders'])
  match(Buffer.from(target['body'] ?? '', 'base64').toString(), /^\{"orderId":"v0-0","id":"v0-0"/)
  match(script, /# users: users of a closed model/)
})

test('the script is one that a shell reads', () => {
  const { status, stderr } = spawnSync('sh', ['-n'], { input: vegeta(twoKinds()), encoding: 'utf8' })
  deepEqual([status, stderr], [0, ''])
})
