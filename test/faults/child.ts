import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** A Node of our own as a child, its output in a file, with a line to ask it questions. */
export class Child {
  readonly #process: ChildProcess
  readonly #file: string
  readonly #name: string
  #asked = 0

  constructor(name: string, args: readonly string[], file: string) {
    const output = openSync(file, 'a')
    this.#name = name
    this.#file = file
    this.#process = spawn(process.execPath, args, { stdio: ['ignore', output, output, 'ipc'] })
    this.#process.setMaxListeners(0)
    closeSync(output)
  }

  /** Null while it runs. */
  get ended(): string | null {
    const { exitCode, signalCode } = this.#process
    return exitCode === null && signalCode === null ? null : `${this.#name} ended with ${exitCode ?? signalCode}`
  }

  get output(): string {
    return readFileSync(this.#file, 'utf8')
  }

  /** Throws when it has ended, with the last of what it said. */
  alive(): true {
    if (this.ended === null) return true
    throw new Error(`${this.ended}:\n${this.output.trimEnd().split('\n').slice(-8).join('\n')}`)
  }

  /** Asks and waits for the answer. */
  async ask<T>(question: string): Promise<T> {
    this.alive()
    const number = ++this.#asked
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const heard = (said: Readonly<{ number: number; answer: T }>): void => {
      if (said.number === number) resolve(said.answer)
    }
    const gone = (): void => reject(new Error(`${this.#name} ended instead of answering ${question}`))
    this.#process.on('message', heard).once('exit', gone)
    this.#process.send({ number, question })
    try {
      return await promise
    } finally {
      this.#process.off('message', heard).off('exit', gone)
    }
  }

  /** Asks it to end, and kills it after `limitMs`. Returns its exit code, null when it had to be killed. */
  async end(limitMs = 15_000): Promise<number | null> {
    if (this.ended !== null) return this.#process.exitCode
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    const limit = setTimeout(() => this.#process.kill('SIGKILL'), limitMs)
    await gone
    clearTimeout(limit)
    return this.#process.exitCode
  }
}

/** The other side of `ask`, in the child. It does not keep the child alive. */
export function answering(answers: Readonly<Record<string, () => unknown>>): void {
  const answer = async ({ number, question }: Readonly<{ number: number; question: string }>): Promise<void> =>
    void process.send?.({ number, answer: await answers[question]?.() })
  process.on('message', asked => void answer(asked as Parameters<typeof answer>[0]))
  process.channel?.unref()
}
