// npm run bench:telemetry: what looking costs. Three gateways by turns, on the embedded broker with the demo worker inside: without
// logs, console and history; as shipped but for the logs, traces off; and with everything on: a line for each request, metrics
// scraped once a second, a console open, one trace of a hundred sent to a collector. The median of many short rounds counts, each
// beside its own bare one, as a machine may be busier in one than in another.
import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstAnswer, freePort, generate, Running } from './process.ts'
import type { Task } from './load.ts'
import type { Environment } from './process.ts'

const rounds = Number(process.env['ROUNDS'] ?? 15)
const warming = { connections: 256, warmMs: 0, measureMs: 5_000 }
const task = { connections: 256, warmMs: 300, measureMs: 2_000 }
const names = ['bare', 'off', 'everything'] as const
type Name = (typeof names)[number]
type Sample = Readonly<{ perSecond: number; cpuUs: number }>
type Gateway = Readonly<{ name: Name; running: Running; port: number; looking: Disposable | null }>

let traces = 0
const collector = createServer((req, res) => {
  traces++
  req.resume().on('end', () => res.writeHead(200).end())
}).listen(0, '127.0.0.1')
await new Promise(resolve => collector.once('listening', resolve))
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))

const settings: Readonly<Record<Name, readonly string[]>> = {
  bare: ['log.level=silent', 'admin.console=false', 'admin.calls=0'],
  off: ['log.level=silent'],
  everything: [`log.file=${join(folder, 'requests.log')}`],
}
const environment: Readonly<Record<Name, Environment>> = {
  bare: {},
  off: {},
  everything: {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  },
}

/** Looks at a gateway as people do: scrapes once a second, and keeps a console open. */
function look(adminPort: number): Disposable {
  const admin = `http://127.0.0.1:${adminPort}`
  const leave = new AbortController()
  const { signal } = leave
  const scraping = setInterval(
    () =>
      void fetch(`${admin}/metrics`, { signal }).then(
        got => got.text(),
        () => {},
      ),
    1_000,
  )
  void fetch(`${admin}/console/live`, { signal })
    .then(
      got => got.text(),
      () => {},
    )
    .catch(() => {})
  return {
    [Symbol.dispose]: () => {
      clearInterval(scraping)
      leave.abort()
    },
  }
}

/** A gateway that runs for the whole of the benchmark: those whose turn it is not cost next to nothing. */
async function open(name: Name): Promise<Gateway> {
  const [port, adminPort] = [await freePort(), await freePort()]
  const all = [`server.port=${port}`, `admin.port=${adminPort}`, 'broker.createTopics=true', ...settings[name]]
  const args = ['src/main.ts', 'start', 'bench/gateway.yaml', '--demo', ...all.flatMap(setting => ['--set', setting])]
  const running = new Running(name, args, { KAFKA_BROKERS: '', ...environment[name] })
  await firstAnswer(running, port, performance.now())
  return { name, running, port, looking: name === 'everything' ? look(adminPort) : null }
}

async function measure({ running, port }: Gateway, task: Omit<Task, 'port'>): Promise<Sample> {
  let [before, after] = [0, 0]
  const { answered, seconds } = await generate('bench/load.ts', { ...task, port }, {}, border => {
    if (border === 'begin') before = running.cpuUs()
    else after = running.cpuUs()
  })
  running.expectAlive()
  return { perSecond: answered / seconds, cpuUs: (after - before) / answered }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const samples: Record<Name, Sample[]> = { bare: [], off: [], everything: [] }
const gateways = [await open('bare'), await open('off'), await open('everything')]
for (const gateway of gateways) await measure(gateway, warming)
for (let round = 0; round < rounds; round++)
  // by turns, and each time another first
  for (const gateway of [...gateways.slice(round % 3), ...gateways.slice(0, round % 3)]) {
    const sample = await measure(gateway, task)
    samples[gateway.name].push(sample)
    const { perSecond, cpuUs } = sample
    console.log(
      `${round + 1}  ${gateway.name.padEnd(10)}  ${Math.round(perSecond)}/s  ${cpuUs.toFixed(1)} µs of CPU an answer`,
    )
  }
for (const { running, looking } of gateways) {
  looking?.[Symbol.dispose]()
  await running.stop()
}
collector.close()
rmSync(folder, { recursive: true })

const ratio = (name: Name, of: (sample: Sample) => number): number =>
  median(samples[name].map((sample, round) => of(sample) / of(samples.bare[round]!)))
const [off, everything] = [ratio('off', each => each.perSecond), ratio('everything', each => each.perSecond)]
console.log(`Traces off, the rest as shipped: ${off.toFixed(3)} of the throughput without (at least 0.98).`)
console.log(`Everything on: ${everything.toFixed(3)} (at least 0.90); ${traces} requests to the collector.`)
console.log(
  `CPU an answer: ${ratio('off', each => each.cpuUs).toFixed(3)} and ${ratio('everything', each => each.cpuUs).toFixed(3)} times that without.`,
)
if (off < 0.98 || everything < 0.9) process.exitCode = 1
