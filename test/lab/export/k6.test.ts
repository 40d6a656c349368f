import { test } from 'node:test'
import { match, ok } from 'node:assert/strict'
import { stripTypeScriptTypes } from 'node:module'
import { k6 } from '../../../src/lab/export/k6.ts'
import { twoKinds } from './kinds.ts'

test('each class of clients is a scenario of k6, with its rate over time or its users', () => {
  const script = k6(twoKinds())
  match(script, /"shop-pers": \{ executor: 'ramping-arrival-rate', timeUnit: '1s', startRate: 50,/)
  match(script, /\{ target: 100, duration: '2000ms' \}/)
  match(script, /"users": \{ executor: 'constant-vus', vus: 3, duration: '3000ms', exec: "ask_users" \}/)
  match(script, /"x-a": `\$\{pick\("a", "b"\)\}`/)
})

test('classes of clients come from addresses of their own, with the keys that theirs have', () => {
  const script = k6(twoKinds())
  match(script, /const key = Math\.random\(\) \* 100 < 20 \? 'hot' : id\n {2}const client = `10\.0\./)
  match(script, /const key = `1-k\$\{int\(0, 4\)\}`\n {2}const client = `10\.1\./)
})

test('the script is JavaScript, whatever is in a body', () => {
  ok(stripTypeScriptTypes(k6(twoKinds())).includes('"t":"\\`\\${b}"'))
})
