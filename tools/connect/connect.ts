import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ended } from '../kafka/ended.ts'
import { cache, fetchOnce, java } from '../kafka/java.ts'
import { host } from '../kafka/properties.ts'

const pom = join(import.meta.dirname, 'pom.xml')
const folder = join(
  cache,
  `connect-jars-${/<debezium\.version>(.+)</.exec(readFileSync(pom, 'utf8'))?.[1] ?? 'unknown'}`,
)
const startLimitMs = 120_000
const graceMs = 10_000
const askMs = 5_000
const changeMs = 60_000

export const fetchConnect = (progress: (line: string) => void): Promise<void> =>
  fetchOnce({ pom, folder, what: 'Kafka Connect and Debezium from Maven Central (38 MB, once)' }, progress)

/** Kafka Connect in one process, with Debezium's connector for PostgreSQL. */
export class Connect {
  readonly port: number
  readonly #path: string
  readonly #brokers: string
  child: ChildProcess | null = null

  constructor({ folder, brokers, port }: Readonly<{ folder: string; brokers: string; port: number }>) {
    this.#path = join(folder, 'connect')
    this.#brokers = brokers
    this.port = port
  }

  /** Starts it; what it knew of its connectors before is read again. Resolves once it answers. */
  async start(): Promise<void> {
    const converter = 'org.apache.kafka.connect.json.JsonConverter'
    const settings = {
      'bootstrap.servers': this.#brokers,
      'key.converter': converter,
      'value.converter': converter,
      'key.converter.schemas.enable': false,
      'value.converter.schemas.enable': false,
      'offset.storage.file.filename': `${this.#path}.offsets`,
      'offset.flush.interval.ms': 500,
      listeners: `http://${host}:${this.port}`,
      'plugin.discovery': 'hybrid_warn',
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    writeFileSync(`${this.#path}.properties`, lines.join('\n'))
    const log = openSync(`${this.#path}.log`, 'a')
    const quick = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
    this.child = spawn(
      java,
      [
        ...quick,
        '-cp',
        join(folder, '*'),
        'org.apache.kafka.connect.cli.ConnectStandalone',
        `${this.#path}.properties`,
      ],
      { detached: true, stdio: ['ignore', log, log] },
    )
    closeSync(log)
    this.child.unref()
    await this.#until('it answers', async () => (await this.#ask('connectors')).ok)
  }

  /** Makes or changes a connector. Resolves once its task runs. */
  async connector(name: string, config: Readonly<Record<string, string | number | boolean>>): Promise<void> {
    const body = JSON.stringify(Object.fromEntries(Object.entries(config).map(([key, value]) => [key, `${value}`])))
    const headers = { 'content-type': 'application/json' }
    const path = `connectors/${name}/config`
    const response = await this.#ask(path, { method: 'PUT', headers, body, signal: AbortSignal.timeout(changeMs) })
    if (!response.ok) throw new Error(`Connect refuses ${name}: ${response.status} ${await response.text()}`)
    await this.runs(name)
  }

  /** Resolves once the task of a connector runs. Throws why it has failed. */
  async runs(name: string): Promise<void> {
    await this.#until(`${name} runs`, async () => {
      const response = await this.#ask(`connectors/${name}/status`) // just made, it is not found for a moment
      const { tasks = [] } = (await response.json()) as { tasks?: { state: string; trace?: string }[] }
      if (tasks[0]?.state === 'FAILED') throw new Failed(tasks[0].trace ?? 'it failed')
      return tasks[0]?.state === 'RUNNING'
    })
  }

  /** As planned, and with force when it has not ended after 10 s: now and then it stands still while it shuts down. */
  async stop(): Promise<void> {
    if (this.child !== null) await ended(this.child, 'SIGTERM', graceMs)
  }

  /** Connect may take a connection and never answer it: no question waits longer than its time. */
  #ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://${host}:${this.port}/${path}`, { signal: AbortSignal.timeout(askMs), ...init })
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + startLimitMs; Date.now() < end; await sleep(200)) {
      if (this.child?.exitCode !== null) break
      const done = await holds().catch((error: unknown) => {
        if (error instanceof Failed) throw error
        return false
      })
      if (done) return
    }
    const log = readFileSync(`${this.#path}.log`, 'utf8').slice(-3_000)
    throw new Error(`Kafka Connect: not true after ${startLimitMs / 1_000} s, or ended: ${what}\n${log}`)
  }
}

class Failed extends Error {}
