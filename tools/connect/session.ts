import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'

const mark = 'done'

/** One connection to PostgreSQL, for many statements in their order: a psql for each would cost more than the statements. */
export class Session implements Disposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: PromiseWithResolvers<void>[] = []
  #said = ''

  /** `psql`: the program, and where it connects to. */
  constructor([program = '', ...where]: readonly string[]) {
    this.#child = spawn(program, ['-X', '-q', '-t', '-A', '-v', 'ON_ERROR_STOP=1', ...where])
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-4_000)))
    this.#child.stdin.on('error', () => {})
    createInterface(this.#child.stdout).on('line', line => {
      if (line === mark) this.#waiting.shift()?.resolve()
    })
    this.#child.once('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`psql has ended: ${this.#said}`))
    })
  }

  /** Resolves once the statements are committed. Rejects when one of them fails, which ends the session. */
  run(sql: string): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#waiting.push(done)
    this.#child.stdin.write(`${sql};\n\\echo ${mark}\n`)
    return done.promise
  }

  [Symbol.dispose](): void {
    this.#child.kill()
  }
}
