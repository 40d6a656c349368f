import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { Config } from '../../config/schema/index.ts'
import { events } from '../../src/events.ts'
import { openTelemetry } from '../../src/telemetry/index.ts'

const config = Config.parse({
  log: { file: '/dev/full' },
  workers: { orders: { topic: 'orders.commands' } },
  routes: { 'place-order': { match: 'POST /orders', command: { to: 'orders' } } },
})
const answered = {
  call: null,
  id: 'call-1',
  route: 'place-order',
  method: 'POST',
  status: 201,
  outcome: 'sent',
  problem: null,
  ms: 3,
  clientGone: false,
} as const

test('one event is a line and a count', async () => {
  const lines: string[] = []
  await using telemetry = openTelemetry(config, 'gw-1-9090', { destination: { write: line => lines.push(line) } })
  events.finished.publish(answered)
  equal(lines.length, 1)
  match(await telemetry.metrics.text(), /sluice_calls_total\{route="place-order",.*\} 1\n/)
})

test('lines that the log lost are counted in the metrics', async () => {
  const telemetry = openTelemetry(config, 'gw-1-9090')
  for (let i = 0; i < 10; i++) events.finished.publish(answered)
  await telemetry[Symbol.asyncDispose]()
  match(await telemetry.metrics.text(), /\nsluice_log_lines_lost_total 10\n/)
})

test('after the end nobody listens, and several may come after each other', async () => {
  for (let i = 0; i < 3; i++) {
    const telemetry = openTelemetry(config, 'gw-1-9090')
    ok(events.finished.hasSubscribers)
    await telemetry[Symbol.asyncDispose]()
  }
  deepEqual(
    Object.values(events).filter(channel => channel.hasSubscribers),
    [],
  )
})

test('telemetry alone keeps no process alive, and loses no line at its end', () => {
  const url = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url))
  const output = execFileSync(
    process.execPath,
    [
      '--input-type=module-typescript',
      '-e',
      `import { openTelemetry } from ${url('telemetry/index.ts')}
       import { events } from ${url('events.ts')}
       openTelemetry({ admin: { calls: 10 }, log: { level: 'info', requests: true }, routes: {}, workers: {}, operations: {} }, 'gw')
       events.lifecycle.publish({ kind: 'ready', detail: '' })`,
    ],
    { timeout: 20_000 },
  )
  equal((JSON.parse(output.toString()) as { kind: string }).kind, 'ready')
})
