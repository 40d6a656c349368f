// npm run bench:durable: what durability costs, beside each other in one run and by turns. A route that uses none of it, in a gateway
// with and without keys and a spool on other routes; events that are accepted on disk, beside one fsync for each on the same disk (and on
// the same disk with syncs of 2 ms more, as a network disk has them: a C compiler is needed for that); and a command with an Idempotency-Key beside one without, on
// a real broker. ROUNDS=9 for more.
import { spawnSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../tools/kafka/cluster.ts'
import { beside, load, measure, open } from './beside.ts'
import type { Configure } from './beside.ts'
import { keyed } from './keyed.ts'
import { slowDisk } from './slowdisk.ts'
import type { Environment } from './process.ts'
import { figure, median, spread } from './table.ts'

const rounds = Number(process.env['ROUNDS'] ?? 5)
const limits = { beside: 0.97, accepts: 10_000, fsyncs: 20 }
const slowerMs = 2
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
let failed = false

/** Keys and a spool, whose file is of that name, on routes beside those that are shipped. */
const having =
  (name: string): Configure =>
  shipped =>
    `${shipped.replace('routes:\n', routes)}spool: { file: '${join(folder, `${name}.spool`)}', afterMs: 300, bytes: 4294967296 }\n`
const routes = `routes:
  pay: { match: POST /payments, command: { to: orders }, idempotency: { key: required } }
  signal: { match: POST /signals, event: { topic: bench.signals, key: body.orderId }, spool: true }
`

/** Writes with an fsync each, one after the other, as many as go within the time; how many a second. */
function fsyncs(forMs: number): number {
  const file = openSync(join(folder, 'naive'), 'a')
  const record = Buffer.alloc(200, 'x')
  const begun = performance.now()
  let written = 0
  for (; performance.now() - begun < forMs; written++) {
    writeSync(file, record)
    fsyncSync(file)
  }
  closeSync(file)
  return (written * 1_000) / forMs
}

function judge(what: string, ratio: number, limit: number): void {
  const holds = ratio >= limit
  failed ||= !holds
  console.log(`  ${what} ${figure(ratio)} (at least ${figure(limit)}): ${holds ? 'holds' : 'FAILS'}`)
}

/** The same route in a gateway that has nothing of this, and in one that has it on other routes. */
async function untouched(): Promise<void> {
  const rates = await beside(folder, rounds, having('having'))
  judge('throughput', median(rates), limits.beside)
}

/** The same in a process of its own, whose disk is slower. */
const slowFsyncs = (forMs: number, env: Environment): number =>
  Number(
    spawnSync(process.execPath, [import.meta.filename, 'fsyncs', String(forMs)], { env: { ...process.env, ...env } })
      .stdout,
  )

/** Events accepted on disk while no broker is there, and the same disk with one fsync for each. */
async function accepts(disk: string, slower: Environment | null): Promise<void> {
  const name = `away ${disk}`
  const away = await open(folder, name, having(name), 'away', slower ?? {})
  const task = { ...load, path: '/signals', status: 202 }
  await measure(away, { ...task, measureMs: 2_000 })
  const [durable, naive]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    naive.push(slower === null ? fsyncs(1_000) : slowFsyncs(1_000, slower))
    durable.push((await measure(away, task)).perSecond)
  }
  await away.running.stop()
  const times = durable.map((rate, round) => rate / (naive[round] ?? NaN))
  console.log(
    `Events accepted on ${disk} at 256 connections: ${spread(durable)} a second; one fsync each: ${spread(naive)} a second`,
  )
  if (slower === null) judge('accepted a second', median(durable), limits.accepts)
  judge('times one fsync each', median(times), limits.fsyncs)
}

if (process.argv[2] === 'fsyncs') {
  console.log(fsyncs(Number(process.argv[3])))
  rmSync(folder, { recursive: true })
  process.exit()
}
try {
  await untouched()
  await accepts('disk', null)
  const slower = slowDisk(folder, slowerMs)
  if (slower === null) console.log('No C compiler: a slower disk is not measured.')
  else await accepts(`disk whose syncs take ${slowerMs} ms more`, slower)
  console.log('A command with an Idempotency-Key beside one without:')
  await using kafka = await startKafka({ defaults: true })
  failed = (await keyed(kafka.brokers, folder)) || failed
} finally {
  rmSync(folder, { recursive: true })
}
process.exit(failed ? 1 : 0)
