// npm run bench: Sluice beside the naive gateway and beside its own correlation without HTTP, on a real broker.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startKafka } from '../tools/kafka/cluster.ts'
import { missing, names, start } from './candidates.ts'
import type { Afterwards, Candidate, Name } from './candidates.ts'
import { measure } from './measure.ts'
import type { Cast, Sample } from './measure.ts'
import { cpuUs, machineUs, pass, Running } from './process.ts'
import { report } from './report.ts'
import { figure, line, percent } from './table.ts'
import { commands, createTopics, deleteTopics } from './topics.ts'

const help = `npm run bench -- [--quick] [--only naive,sluice,correlation] [--rounds N] [--patient]

Closed loop at 1, 32 and 256 connections in alternating rounds, then open loop at 1,000 and 5,000 requests/s. Prints, and
writes bench/RESULTS.md, in under six minutes. Kafka: that of KAFKA_BROKERS, else one of its own (Java 17 and Maven).

  --quick      one short round, for a look; writes nothing
  --only LIST  some of ${names.join(', ')}; writes nothing
  --rounds N   default 3
  --patient    on a machine that others use: repeats each load that they disturbed, however long that takes`

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: names.join(',') },
    rounds: { type: 'string' },
    patient: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const quick = options.quick
const rounds = Number(options.rounds ?? (quick ? 1 : 3))
const warmMs = quick ? 1_500 : 3_000 // on a process that has just started: the compiler wants its time
const rampMs = 500
const windows = {
  1: quick ? 1_500 : 4_500,
  32: quick ? 1_500 : 4_500,
  256: quick ? 2_000 : 5_000,
  open: quick ? 3_000 : 7_000,
}
const levels = [1, 32, 256] as const
const pool = 512 // connections of the open loop
const disturbed = 0.15 // of a core, by other programs
const say = (text: string): void => console.log(text)

async function bench(brokers: string, pids: () => readonly number[], chosen: readonly Name[]): Promise<void> {
  await createTopics(brokers)
  const worker = new Running('worker', ['bench/worker.ts', commands], { KAFKA_BROKERS: brokers }, true)
  await Promise.race([new Promise<void>(resolve => worker.onTold(() => resolve())), worker.ended])
  worker.expectAlive()
  const cast: Cast = { worker, brokers: pids, cpuOf: cpuUs }
  const samples: Sample[] = []
  const afterwards: (Afterwards & { name: Name })[] = []
  const begun = performance.now()

  const leaving = new Map<Name, Promise<void>>()
  const leave = async (candidate: Candidate): Promise<void> => {
    const { name } = candidate
    const left = candidate.stop().then(after => void afterwards.push({ name, ...after }))
    leaving.set(name, left)
    await Promise.race([left, pass(1_000)]) // kafkajs takes up to 5 s, and does nothing meanwhile
  }
  const visit = async (name: Name, round: number, loads: readonly Load[]): Promise<void> => {
    await leaving.get(name) // its successor would have to wait for the group
    const candidate = await start(name, brokers)
    await candidate.load({ connections: 256, warmMs: 0, measureMs: warmMs }, () => {})
    for (const load of loads) {
      if (options.patient) await calm()
      let sample = await measure(candidate, load, round, cast)
      while (options.patient && (sample.others ?? 0) > disturbed) {
        say(`            disturbed: others took ${percent(sample.others)} of a core; again …`)
        await calm()
        sample = await measure(candidate, load, round, cast)
      }
      samples.push(sample)
      say(line(sample))
    }
    await leave(candidate)
  }

  try {
    await warm(chosen[0]!, brokers, cast)
    for (let round = 1; round <= rounds; round++) {
      // another one first in each round: what drifts must not favour anybody
      for (const name of [...chosen, ...chosen].slice((round - 1) % chosen.length).slice(0, chosen.length))
        await visit(
          name,
          round,
          levels.map(connections => ({ connections, warmMs: rampMs, measureMs: windows[connections] })),
        )
    }
    const open = (rate: number): Load => ({ connections: pool, warmMs: 1_000, measureMs: windows.open, rate })
    if (chosen.includes('naive')) await visit('naive', 0, [open(1_000)])
    if (chosen.includes('sluice')) await visit('sluice', 0, [open(1_000), open(5_000)])
  } finally {
    await Promise.all(leaving.values())
    await worker.stop()
    if (pids().length === 0) await deleteTopics(brokers)
  }
  const seconds = Math.round((performance.now() - begun) / 1_000)
  const text = report(samples, afterwards, { rounds, seconds, ownBroker: pids().length > 0 })
  say(`\n${text}`)
  if (quick || options.only !== names.join(',')) return
  writeFileSync(new URL('RESULTS.md', import.meta.url), text)
  say('Written to bench/RESULTS.md.')
}

/** Waits until the machine has been nearly idle for two seconds. */
async function calm(): Promise<void> {
  for (;;) {
    const before = machineUs() ?? 0
    await pass(2_000)
    if ((machineUs() ?? 0) - before < 2 * disturbed * 2e6) return
  }
}

/** A broker that has just started compiles for half a minute: until that is over, it takes the gateway's CPU away. */
async function warm(name: Name, brokers: string, cast: Cast): Promise<void> {
  say('Warming broker and worker …')
  const candidate = await start(name, brokers)
  let before = Infinity
  for (let window = 1; window <= 10; window++) {
    const { perSecond, broker } = await measure(candidate, { connections: 256, warmMs: 0, measureMs: 4_000 }, 0, cast)
    const cost = (broker ?? 0) / perSecond
    say(`            ${figure(perSecond)}/s, broker ${figure(cost * 1e6)} µs a request`)
    if (window >= (quick ? 2 : 6) && (quick || cost > 0.95 * before)) break
    before = cost
  }
  await candidate.stop()
}
type Load = Parameters<Awaited<ReturnType<typeof start>>['load']>[0]

if (options.help) say(help)
else {
  const wanted = options.only.split(',').map(name => names.find(each => each === name) ?? fail(`No candidate ${name}.`))
  const chosen = wanted.filter(name => {
    const reason = missing(name)
    if (reason !== null) say(`WITHOUT ${name.toUpperCase()}: ${reason}.`)
    return reason === null
  })
  if (chosen.length === 0) fail('Nothing to measure.')
  const given = process.env['KAFKA_BROKERS']
  if (given !== undefined && given !== '') await bench(given, () => [], chosen)
  else {
    await using kafka = await startKafka({ progress: say })
    await bench(kafka.brokers, () => kafka.nodes.flatMap(({ pid }) => pid ?? []), chosen)
  }
}

function fail(why: string): never {
  console.error(`${why}\n\n${help}`)
  process.exit(1)
}
