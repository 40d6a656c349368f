import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Measured, Task, Told } from './load.ts'

const hasProc = existsSync('/proc/self/stat')
const tickUs = 10_000 // USER_HZ is 100 on every Linux that Node runs on
const root = new URL('..', import.meta.url)

export type Environment = Readonly<Record<string, string>>

/** A process under measurement. What it prints on standard error is kept, for the case that it dies. */
export class Running {
  readonly name: string
  readonly #child: ChildProcess
  readonly pid: number
  /** Resolves once the process has ended, whatever the reason. */
  readonly ended: Promise<unknown>
  #said = ''

  /** Starts `node FILE ARGS`, or another program, in the root of the repository or of another checkout. */
  constructor(
    name: string,
    args: readonly string[],
    env: Environment = {},
    ipc = false,
    program: string = process.execPath,
    cwd: string | URL = root,
  ) {
    this.name = name
    this.#child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    })
    this.pid = this.#child.pid ?? 0
    this.ended = once(this.#child, 'close')
    const kill = (): boolean => this.#child.kill('SIGKILL') // nobody survives the benchmark, however that ends
    process.once('exit', kill)
    this.#child.once('exit', code => {
      process.off('exit', kill)
      if (code !== 0 && code !== null) console.error(`${name} ended with ${code}:\n${this.#said}`)
    })
    this.#child.stderr?.on('data', chunk => (this.#said = (this.#said + chunk).slice(-4_000)))
  }

  /** Its last words on standard error. */
  get said(): string {
    return this.#said
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Throws when the process has ended by itself. */
  expectAlive(): void {
    if (!this.alive) throw new Error(`${this.name} has ended.`)
  }

  onTold(listener: (told: Told) => void): void {
    this.#child.on('message', listener)
  }

  /** CPU microseconds used so far, by all threads, ended ones included. */
  cpuUs(): number {
    return cpuUs(this.pid)
  }

  memoryMb(): number {
    const kb = hasProc
      ? /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(this.pid)], { encoding: 'utf8' })
    return Number(kb) / 1_024
  }

  /** SIGTERM, and SIGKILL when that was not obeyed within `graceMs`. */
  async stop(graceMs = 8_000): Promise<void> {
    if (!this.alive) return
    this.#child.kill('SIGTERM')
    const impatient = setTimeout(() => this.#child.kill('SIGKILL'), graceMs)
    await this.ended
    clearTimeout(impatient)
  }
}

/** CPU microseconds that a process has used so far, by all threads, ended ones included. */
export function cpuUs(pid: number): number {
  if (hasProc) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name in front may contain anything
    return (Number(fields[11]) + Number(fields[12])) * tickUs
  }
  const time = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  const [days, rest] = time.includes('-') ? time.split('-') : ['0', time]
  const seconds = rest!.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return (Number(days) * 86_400 + seconds) * 1e6
}

/** CPU microseconds used by everything on the machine; null where the kernel does not say. */
export function machineUs(): number | null {
  if (!hasProc) return null
  const ticks = /^cpu +(.*)/.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ').map(Number) ?? []
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = ticks
  return (user + nice + system + irq + softirq) * tickUs
}

/** One request on a connection of its own: its status; null when none came within `limitMs`, undefined when nobody listens. */
function ask(port: number, body: string, limitMs: number): Promise<number | null | undefined> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    let nobody: undefined | null
    const end = (status: number | null | undefined): void => {
      clearTimeout(limit)
      socket.destroy()
      resolve(status)
    }
    const limit = setTimeout(end, limitMs, null)
    socket.on('connect', () => (nobody = null))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => end(nobody))
    socket.on('data', data => end(Number(data.subarray(9, 12).toString())))
    socket.write(
      'POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n' +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    )
  })
}

/** Milliseconds from `start` until the first good answer, and how many requests it took. Throws after a minute, or when the gateway ends. */
export async function firstAnswer(
  gateway: Running,
  port: number,
  start: number,
): Promise<{ ms: number; sent: number }> {
  for (let sent = 0; performance.now() - start < 60_000; await pass(10)) {
    gateway.expectAlive()
    const status = await ask(port, `{"orderId":"first-${sent}","amount":42}`, 500)
    if (status !== undefined) sent++
    if (status === 201) return { ms: performance.now() - start, sent }
  }
  throw new Error(`${gateway.name} gave no good answer within a minute.\n${gateway.said}`)
}

/** A port that nobody listens on at present. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

export const pass = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Runs a generator to its end; `at` is told the borders of what it measures. */
export async function generate(
  file: string,
  task: Task,
  env: Environment,
  at: (border: 'begin' | 'end', generator: Running) => void,
): Promise<Measured> {
  const generator = new Running(file, [file, JSON.stringify(task)], env, true)
  const { promise, resolve, reject } = Promise.withResolvers<Measured>()
  generator.onTold(told => {
    if (told.kind === 'load') resolve(told.measured)
    else if (told.kind !== 'ready') at(told.kind, generator)
  })
  void generator.ended.then(() => reject(new Error(`${file} ended early:\n${generator.said}`)))
  const measured = await promise
  await generator.ended
  return measured
}
