import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { client } from '../help/ask.ts'
import type { Ask } from '../help/ask.ts'
import { adminOf } from '../help/gateway.ts'
import type { Admin } from '../help/gateway.ts'
import type { Topics } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { freePorts, sluice } from '../help/sluice.ts'
import type { Sluice } from '../help/sluice.ts'
import { until } from '../help/until.ts'
import { closedLoop } from './riders.ts'

/** A gateway as a process of its own, as users start it, and how long it took. */
export type Player = Readonly<{ run: Sluice; ask: Ask; admin: Admin; url: string; readyMs: number }>

export type Cast = Readonly<{ brokers: string; topics: Topics; set?: readonly string[]; env?: NodeJS.ProcessEnv }>

/** Starts the shipped configuration on these topics; resolves once it is ready. */
export async function player(t: Scope, { brokers, topics, set = [], env = {} }: Cast): Promise<Player> {
  const begun = performance.now()
  const settings = [
    'log.requests=false',
    'drain.delayMs=0',
    `workers.orders.topic=${topics.commands}`,
    `routes.signal.event.topic=${topics.signals}`,
    `replies.topic=${topics.replies}`,
    ...set,
  ]
  const args = ['start', 'config/gateway.yaml', ...freePorts, ...settings.flatMap(setting => ['--set', setting])]
  const run = sluice(t, args, { KAFKA_BROKERS: brokers, ...env })
  const { url, admin: adminUrl } = await run.places()
  const admin = adminOf(t, adminUrl)
  await until('the gateway is ready', async () => (await admin.ready()).status === 200, 30_000)
  const readyMs = performance.now() - begun
  const { ask, ...held } = client(url)
  t.after(() => held[Symbol.dispose]())
  return { run, ask, admin, url, readyMs }
}

/** A worker as a process; resolves with its pid when it has served some orders of each gateway. */
export async function echo(t: Scope, { brokers, topics }: Cast, gateways: readonly Player[]): Promise<number> {
  const args = [join(import.meta.dirname, 'echo.ts'), brokers, topics.commands]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await gone
  })
  await Promise.race([
    once(child.stdout, 'data'),
    gone.then(([code]) => Promise.reject(new Error(`The worker ended with ${code}.`))),
  ])
  for (const { ask } of gateways) {
    const rides = await closedLoop(ask, 'warm', 1_000, 16)
    if (rides.some(({ right }) => !right)) throw new Error('The worker does not serve.')
  }
  return child.pid ?? 0
}

/** Asks a process what lives on its heap, garbage not counted, in MiB; it is to be started with `env`. */
export class Heap {
  readonly #file = join(mkdtempSync(join(tmpdir(), 'sluice-heap-')), 'heap')
  readonly env = {
    NODE_OPTIONS: `--import ${pathToFileURL(join(import.meta.dirname, 'heap.ts')).href}`,
    HEAP_FILE: this.#file,
  }
  #told = 0

  async liveMiB(pid: number): Promise<number> {
    process.kill(pid, 'SIGUSR2')
    const told = (): readonly string[] =>
      existsSync(this.#file) ? readFileSync(this.#file, 'utf8').trimEnd().split('\n') : []
    await until('the heap is told', () => told().length > this.#told)
    return Number(told()[this.#told++])
  }
}

/** Resident memory of a process in MiB. */
export const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024
