// npm run bench:durable: what durability costs, beside each other in one run and by turns. A route that uses none of it, in a gateway
// with and without keys and a spool on other routes; events that are accepted on disk, beside one fsync for each on the same disk (and on
// the same disk with syncs of 2 ms more, as a network disk has them: a C compiler is needed for that); and a command with an Idempotency-Key beside one without, on a real broker. ROUNDS=9 for more.
import { spawnSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka } from '../tools/kafka/cluster.ts'
import { keyed } from './keyed.ts'
import type { Task } from './load.ts'
import { slowDisk } from './slowdisk.ts'
import { firstAnswer, freePort, generate, pass, Running } from './process.ts'
import type { Environment } from './process.ts'
import { figure, median, spread } from './table.ts'

const rounds = Number(process.env['ROUNDS'] ?? 5)
const slices = 4 // of each round: short ones by turns, as a machine may be busier in one second than in the next
const limits = { beside: 0.97, accepts: 10_000, fsyncs: 20 }
const load = { connections: 256, warmMs: 300, measureMs: 1_500 }
const slowerMs = 2
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
let failed = false

type Gateway = Readonly<{ running: Running; port: number }>
type Sample = Readonly<{ perSecond: number; cpuUs: number }>

async function open(
  name: string,
  durable: boolean,
  broker: 'embedded' | 'away',
  env: Environment = {},
): Promise<Gateway> {
  const shipped = readFileSync(join(import.meta.dirname, 'gateway.yaml'), 'utf8')
  const routes = `routes:
  pay: { match: POST /payments, command: { to: orders }, idempotency: { key: required } }
  signal: { match: POST /signals, event: { topic: bench.signals, key: body.orderId }, spool: true }
`
  const spool = `spool: { file: '${join(folder, `${name}.spool`)}', afterMs: 300, bytes: 4294967296 }\n`
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, durable ? shipped.replace('routes:\n', routes) + spool : shipped)
  const [port, admin] = [await freePort(), await freePort()]
  const set = [
    `server.port=${port}`,
    `admin.port=${admin}`,
    'broker.createTopics=true',
    'log.level=silent',
    'overload.mode=off',
  ]
  const args = [
    'src/main.ts',
    'start',
    file,
    ...(broker === 'embedded' ? ['--demo'] : []),
    ...set.flatMap(one => ['--set', one]),
  ]
  const running = new Running(name, args, { KAFKA_BROKERS: broker === 'embedded' ? '' : '127.0.0.1:1', ...env })
  if (broker === 'embedded') await firstAnswer(running, port, performance.now())
  else
    while ((await fetch(`http://127.0.0.1:${admin}/livez`).catch(() => null))?.ok !== true) {
      running.expectAlive()
      await pass(50)
    }
  return { running, port }
}

async function measure({ running, port }: Gateway, task: Omit<Task, 'port'>): Promise<Sample> {
  let [before, after] = [0, 0]
  const measured = await generate('bench/load.ts', { ...task, port }, {}, border => {
    if (border === 'begin') before = running.cpuUs()
    else after = running.cpuUs()
  })
  running.expectAlive()
  const { answered, seconds, refused, errors } = measured
  if (errors > 0 || Object.keys(refused).length > 0)
    console.log(`  not accepted: ${JSON.stringify({ refused, errors })}`)
  return { perSecond: answered / seconds, cpuUs: (after - before) / answered }
}

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
async function beside(): Promise<void> {
  const bare = await open('bare', false, 'embedded')
  const durable = await open('durable', true, 'embedded')
  await measure(bare, { ...load, measureMs: 3_000 })
  await measure(durable, { ...load, measureMs: 3_000 })
  const [rates, costs]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const slice: { rate: number; cpu: number }[] = []
    for (let i = 0; i < slices; i++) {
      const first = i % 2 === 0 ? ([bare, durable] as const) : ([durable, bare] as const)
      const [a, b] = [await measure(first[0], load), await measure(first[1], load)]
      const [without, having] = i % 2 === 0 ? [a, b] : [b, a]
      slice.push({ rate: having.perSecond / without.perSecond, cpu: having.cpuUs / without.cpuUs })
    }
    rates.push(median(slice.map(({ rate }) => rate)))
    costs.push(median(slice.map(({ cpu }) => cpu)))
  }
  await Promise.all([bare.running.stop(), durable.running.stop()])
  console.log(`A route that uses none of it, in a gateway with keys and a spool ÷ in one without, ${rounds} rounds:`)
  console.log(`  throughput ${spread(rates)}, CPU an answer ${spread(costs)}`)
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
  const away = await open(`away ${disk}`, true, 'away', slower ?? {})
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
  await beside()
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
