import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { Table } from '../../src/bridge/spool/index.ts'
import { folder } from '../help/folder.ts'
import { sluice } from '../help/sluice.ts'
import type { Scope } from '../help/scope.ts'

const row = {
  topic: 'signals',
  key: Buffer.from('k'),
  value: Buffer.from([255]),
  headers: '[["ce_id","the-id"]]',
  ...({
    acks: 'all',
    at: 1e3,
  } as const),
}

/** A configuration with a spool beside it, in which `count` events wait and one more is put aside. */
function withSpool(t: Scope, count: number): Readonly<{ config: string; path: string }> {
  const path = folder(t)
  const config = `${path}/gateway.yaml`
  writeFileSync(
    config,
    `spool: { file: ${path}/spool }
routes: { signal: { match: POST /signals, event: { topic: signals }, spool: true } }
`,
  )
  using table = new Table(`${path}/spool`)
  table.append(Array.from({ length: count + 1 }, () => row))
  table.reject(1, 'It is too large.')
  return { config, path }
}

test('list says what waits, and names what was put aside', async t => {
  const { config } = withSpool(t, 3)
  const run = sluice(t, ['spool', 'list', config])
  equal(await run.ended, 0, run.err)
  match(run.out, /3 events wait, the oldest since 1970-01-01T00:00:01\.000Z .*1 put aside/)
  match(run.out, /signals {2}3 events/)
  match(run.out, /1 {2}signals {2}the-id {2}It is too large\./)
})

test('export writes each event as a line of JSON, bytes and all', async t => {
  const { config, path } = withSpool(t, 2)
  const run = sluice(t, ['spool', 'export', `${path}/out`, config])
  equal(await run.ended, 0, run.err)
  match(run.out, /3 events written/)
  const lines = readFileSync(`${path}/out`, 'utf8').trimEnd().split('\n')
  const [first] = lines.map(line => JSON.parse(line) as Record<string, unknown>)
  deepEqual(first, {
    seq: 1,
    topic: 'signals',
    at: '1970-01-01T00:00:01.000Z',
    key: 'aw==',
    value: '/w==',
    headers: [['ce_id', 'the-id']],
    reason: 'It is too large.',
  })
  equal(lines.length, 3)
  const printed = sluice(t, ['spool', 'export', '-', config])
  equal(await printed.ended, 0)
  equal(printed.out.trimEnd().split('\n').length, 3)
})

test('where nothing can wait, it says why', async t => {
  const path = folder(t)
  writeFileSync(`${path}/gateway.yaml`, 'routes: { signal: { match: POST /signals, event: { topic: signals } } }\n')
  const run = sluice(t, ['spool', 'list', `${path}/gateway.yaml`])
  equal(await run.ended, 1)
  match(run.err, /no section spool/)
  writeFileSync(
    `${path}/gateway.yaml`,
    `spool: { file: ${path}/spool }\nroutes: { signal: { match: POST /signals, event: { topic: signals } } }\n`,
  )
  const early = sluice(t, ['spool', 'list', `${path}/gateway.yaml`])
  equal(await early.ended, 1)
  match(early.err, /no gateway has kept anything yet/)
})

test('drain without brokers loses nothing, and says what to do', async t => {
  const { config, path } = withSpool(t, 1)
  const run = sluice(t, ['spool', 'drain', config])
  equal(await run.ended, 1)
  match(run.err, /start the gateway instead/)
  using table = new Table(`${path}/spool`, { readOnly: true })
  equal(table.waiting(0, 10).length, 1)
})
