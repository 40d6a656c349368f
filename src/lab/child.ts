import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { after } from '../clock.ts'

/** A file beside this one, as it is now called: the package carries JavaScript. */
export const beside = (name: string): string =>
  fileURLToPath(new URL(name.replace(/\.ts$/, import.meta.url.endsWith('.ts') ? '.ts' : '.js'), import.meta.url))

const keptChars = 4_000

/** A Node process of the laboratory, with a line to it. It does not outlive this process. */
export class Child<To extends object, From extends Readonly<{ kind: string }>> {
  readonly name: string
  readonly #process: ChildProcess
  readonly #gone: Promise<unknown>
  #said = ''

  constructor(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.name = name
    this.#process = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#process.on('error', () => {}) // a message to one that has just ended
    this.#gone = once(this.#process, 'close')
    const kill = (): boolean => this.#process.kill('SIGKILL')
    process.once('exit', kill)
    this.#process.once('exit', () => process.off('exit', kill))
    for (const output of [this.#process.stdout, this.#process.stderr])
      output?.setEncoding('utf8').on('data', chunk => (this.#said = (this.#said + chunk).slice(-keptChars)))
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** The last of what it wrote. */
  get said(): string {
    return this.#said
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  tell(message: To): void {
    if (this.#process.connected) this.#process.send(message)
  }

  hear(listener: (message: From) => void): void {
    this.#process.on('message', listener)
  }

  /** Resolves with the first message of that kind; throws when the process ends without. */
  async told<Kind extends From['kind']>(kind: Kind): Promise<Extract<From, { kind: Kind }>> {
    const { promise, resolve, reject } = Promise.withResolvers<Extract<From, { kind: Kind }>>()
    const listener = (message: From): void => {
      if (message.kind === kind) resolve(message as Extract<From, { kind: Kind }>)
    }
    this.hear(listener)
    void this.#gone.then(() => reject(new Error(`${this.name} ended without having told \`${kind}\`:\n${this.#said}`)))
    try {
      return await promise
    } finally {
      this.#process.off('message', listener)
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Asks it to end, and kills it when it has not after `graceMs`. */
  async end(graceMs = 8_000): Promise<void> {
    if (this.alive) this.signal('SIGTERM')
    await this.gone(graceMs)
  }

  /** Resolves when it has ended; kills it after `graceMs`. */
  async gone(graceMs: number): Promise<void> {
    const impatient = after(graceMs, () => this.signal('SIGKILL'))
    await this.#gone
    impatient.cancel()
  }
}
