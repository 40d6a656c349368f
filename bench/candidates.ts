import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstAnswer, freePort, generate, Running } from './process.ts'
import type { Environment } from './process.ts'
import type { Measured, Task } from './load.ts'

export const names = ['naive', 'sluice', 'correlation'] as const
export type Name = (typeof names)[number]
/** Told when measuring begins and ends, and which process generates the load. */
export type Borders = (border: 'begin' | 'end', generator: Running) => void

/** One of the compared, running. */
export interface Candidate {
  readonly name: Name
  /** The process whose CPU and memory count; null when it is the generator itself. */
  readonly process: Running | null
  readonly startMs: number | null
  load(task: Omit<Task, 'port'>, at: Borders): Promise<Measured>
  stop(): Promise<Afterwards>
}
/** What is known only afterwards: requests sent, lines logged about them, metrics scraped. Null where there are none. */
export type Afterwards = Readonly<{ sent: number; lines: number | null; scrapes: number | null }>

export const describe: Readonly<Record<Name, string>> = {
  naive: 'Express + kafkajs, one send per request, a Map (bench/naive.ts)',
  sluice: 'Sluice with every policy on, logs to a file, metrics scraped once a second (bench/gateway.yaml)',
  correlation:
    "Sluice's correlation and broker port without HTTP and policies, in one process with its callers (bench/corr.ts)",
}

/** Why a candidate cannot run in this tree; null when it can. */
export function missing(name: Name): string | null {
  const file = { naive: 'bench/naive.ts', sluice: 'src/app.ts', correlation: 'bench/corr.ts' }[name]
  return existsSync(new URL(`../${file}`, import.meta.url)) ? null : `${file} is not there`
}

export async function start(name: Name, brokers: string, { scraped = true } = {}): Promise<Candidate> {
  if (name === 'correlation') return correlation(brokers)
  return name === 'naive' ? naive(brokers) : sluice(brokers, scraped)
}

async function naive(brokers: string): Promise<Candidate> {
  const port = await freePort()
  return serving('naive', port, ['bench/naive.ts'], { KAFKA_BROKERS: brokers, PORT: String(port) }, () => ({}))
}

async function sluice(brokers: string, scraped: boolean): Promise<Candidate> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const log = join(folder, 'requests.log')
  const [port, adminPort] = [await freePort(), await freePort()]
  const settings = [`server.port=${port}`, `admin.port=${adminPort}`, `log.file=${log}`]
  const args = ['src/main.ts', 'start', 'bench/gateway.yaml', ...settings.flatMap(setting => ['--set', setting])]
  let scrapes = 0
  const scrape = async (): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
    if (answer.ok && (await answer.text()).includes('# TYPE')) scrapes++
  }
  const scraping = setInterval(() => scraped && void scrape().catch(() => {}), 1_000) // what fails is missing in the count
  return serving('sluice', port, args, { KAFKA_BROKERS: brokers }, () => {
    clearInterval(scraping)
    const lines = readFileSync(log, 'utf8').match(/"msg":"request"/g)?.length ?? 0
    rmSync(folder, { recursive: true, force: true })
    return { lines, scrapes }
  })
}

/** A gateway with an HTTP port, started and waited for. */
async function serving(
  name: Name,
  port: number,
  args: readonly string[],
  env: Environment,
  afterwards: () => Partial<Afterwards>,
): Promise<Candidate> {
  const begun = performance.now()
  const process = new Running(name, args, env)
  const first = await firstAnswer(process, port, begun)
  let { sent } = first
  return {
    name,
    process,
    startMs: first.ms,
    load: async (task, at) => {
      const measured = await generate('bench/load.ts', { ...task, port }, {}, at)
      process.expectAlive()
      sent += measured.sent
      return measured
    },
    stop: async () => {
      await process.stop()
      return { sent, lines: null, scrapes: null, ...afterwards() }
    },
  }
}

/** Nothing is started beforehand: callers and correlation are one process, as the question is what the correlation costs. */
function correlation(brokers: string): Candidate {
  return {
    name: 'correlation',
    process: null,
    startMs: null,
    load: (task, at) => generate('bench/corr.ts', { ...task, port: 0 }, { KAFKA_BROKERS: brokers }, at),
    stop: () => Promise.resolve({ sent: 0, lines: null, scrapes: null }),
  }
}
