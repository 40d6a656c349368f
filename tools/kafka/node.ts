import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ended } from './ended.ts'
import { classPath, java } from './java.ts'
import { host } from './properties.ts'
import { members } from './wire.ts'

const startLimitMs = 60_000
const graceMs = 15_000

/** One broker, a process, to be killed, stopped and started again in tests. Its port and data outlive the process. */
export class KafkaNode {
  readonly id: number
  readonly port: number
  /** Begins the names of its files: .properties, .log, and its data. */
  readonly path: string
  readonly #heap: string
  readonly #changed: () => void
  #child: ChildProcess | null = null

  constructor(of: Readonly<{ id: number; port: number; folder: string; heap: string; changed: () => void }>) {
    this.id = of.id
    this.port = of.port
    this.path = join(of.folder, `broker-${of.id}`)
    this.#heap = of.heap
    this.#changed = of.changed
  }

  /** Of the process; null when it does not run. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  get address(): string {
    return `${host}:${this.port}`
  }

  /** Starts the process, without waiting for anything. */
  launch(): void {
    if (this.#child !== null) return
    const log = openSync(`${this.path}.log`, 'a')
    const child = spawn(
      java,
      [
        `-Xmx${this.#heap}`,
        '-XX:+ExitOnOutOfMemoryError',
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-Dorg.slf4j.simpleLogger.showDateTime=true',
        '-cp',
        classPath,
        'kafka.Kafka',
        `${this.path}.properties`,
      ],
      { detached: true, stdio: ['ignore', log, log] }, // out of the terminal's group: who started it decides when it ends
    )
    closeSync(log)
    child.unref()
    this.#child = child
    child.once('exit', () => {
      if (this.#child === child) this.#child = null
      this.#changed()
    })
    this.#changed()
  }

  /** Resolves once it answers requests and knows `count` brokers, itself among them. Throws with its log's end when it exits. */
  async serves(count = 1): Promise<void> {
    const end = Date.now() + startLimitMs
    while (Date.now() < end) {
      const known = await members(host, this.port)
      if (known !== null && known.includes(this.id) && known.length >= count) return
      if (this.#child === null) throw new Error(`Broker ${this.id} ended while starting:\n${this.#logEnd()}`)
      await sleep(50)
    }
    throw new Error(`Broker ${this.id} does not serve after ${startLimitMs / 1_000} s:\n${this.#logEnd()}`)
  }

  /** Kills it at once, as a lost machine. Resolves when the process is gone. */
  kill9(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Freezes it: connections stay, nothing answers. Resolves when it stands still, which takes the system a moment. */
  async stop(): Promise<void> {
    this.#child?.kill('SIGSTOP')
    for (let tries = 0; tries < 100 && this.pid !== null && !stopped(this.pid); tries++) await sleep(5)
  }

  /** Lets a frozen one go on. */
  cont(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Asks it to shut down; after 15 s it is killed. Resolves when the process is gone. */
  terminate(): Promise<void> {
    return this.#end('SIGTERM')
  }

  /** Starts it on the same port with the same data, after a kill -9 when it still runs, and so long after that. Resolves once it serves. */
  async restart(downMs = 0): Promise<void> {
    await this.kill9()
    await sleep(downMs)
    this.launch()
    await this.serves()
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child !== null) await ended(this.#child, signal, graceMs)
  }

  #logEnd(): string {
    return readFileSync(`${this.path}.log`, 'utf8').trimEnd().split('\n').slice(-12).join('\n')
  }
}

const stopped = (pid: number): boolean =>
  spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.startsWith('T') ?? false
