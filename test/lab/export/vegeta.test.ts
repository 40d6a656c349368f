import { test } from 'node:test'
import { deepEqual, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { vegeta } from '../../../src/lab/export/vegeta.ts'
import { twoKinds } from './kinds.ts'

type Target = Readonly<Record<string, string>>
const bodyOf = (target: Target): string => Buffer.from(target['body'] ?? '', 'base64').toString()

test('ramps are steps of a second, and each target is a request as clients send it', () => {
  const script = vegeta(twoKinds())
  deepEqual(script.match(/-rate=\d+\/1s -duration=\d+ms/g), [
    '-rate=63/1s -duration=1000ms',
    '-rate=88/1s -duration=1000ms',
    '-rate=100/1s -duration=1000ms',
  ])
  const targets = [...script.matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line) as Target)
  const target = targets[0]!
  deepEqual([target['method'], target['url']], ['POST', 'http://127.0.0.1:8080/orders'])
  match(bodyOf(target), /^\{"orderId":"(v0-0|hot)","id":"v0-0","wantedUntil":9999999999999\}/)
  const hot = targets.filter(target => bodyOf(target).startsWith('{"orderId":"hot"'))
  ok(hot.length > 30 && hot.length < 70, `${hot.length} of ${targets.length}`) // 50 on average
  match(script, /# users: users of a closed model/)
})

test('the script is one that a shell reads', () => {
  const { status, stderr } = spawnSync('sh', ['-n'], { input: vegeta(twoKinds()), encoding: 'utf8' })
  deepEqual([status, stderr], [0, ''])
})
