import { test } from 'node:test'
import { match, ok } from 'node:assert/strict'
import { pretty } from '../../src/telemetry/pretty.ts'

test('a line becomes one for people', () => {
  const lines: string[] = []
  const line = { level: 'warn', time: 1_000_000, instance: 'gw-1', msg: 'request', route: 'place-order', status: 503 }
  pretty({ write: text => lines.push(text) }).write(`${JSON.stringify(line)}\n`)
  ok(lines.length === 1)
  match(lines[0]!, /WARN.*request.*"route":"place-order".*"status":503.*\n$/)
  ok(!lines[0]!.includes('gw-1'))
})
