import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseMetrics, sum } from '../../src/lab/series.ts'
import { now, sleep } from '../faults/time.ts'
import { freePort, sluice } from '../help/sluice.ts'
import type { Sluice } from '../help/sluice.ts'
import type { Scope } from '../help/scope.ts'

export type Names = Readonly<{ orders: string; facts: string; replies: string; operations: string }>
export const namesOf = (story: string): Names => ({
  orders: `${story}.orders`,
  facts: `${story}.facts`,
  replies: `${story}.replies`,
  operations: `${story}.operations`,
})

export type Place = Readonly<{
  folder: string
  brokers: string
  names: Names
  id?: string
  spool?: string // its file; default: in the folder
  log?: string // where to write the log
  drainMs?: number
}>

const configuration = ({ folder, brokers, names, id = 'a', spool, log, drainMs = 0 }: Place): string => `
instance: { id: ${id} }
broker: { brokers: "${brokers}" }
replies: { topic: ${names.replies} }
operations: { topic: ${names.operations} }
log: { requests: false${log === undefined ? '' : `, file: ${log}`} }
spool: { file: ${spool ?? join(folder, `${id}.spool`)}, afterMs: 300 }
workers: { orders: { topic: ${names.orders} } }
drain: { delayMs: ${drainMs}, limitMs: 10000 }
routes:
  fact: { match: POST /facts, event: { topic: ${names.facts}, key: body.orderId }, spool: true }
  order: { match: POST /orders, command: { to: orders, key: body.orderId }, idempotency: { key: required } }
`

/** A gateway that is killed and started again and again, always on the same ports and with the same spool. */
export class Phoenix {
  readonly url: string
  readonly #admin: string
  readonly #launch: () => Sluice
  #run: Sluice
  #begun = now()

  private constructor(url: string, admin: string, launch: () => Sluice) {
    this.url = url
    this.#admin = admin
    this.#launch = launch
    this.#run = launch()
  }

  static async start(t: Scope, place: Place): Promise<Phoenix> {
    const [port, admin] = [await freePort(), await freePort()]
    const file = join(place.folder, `${place.id ?? 'a'}.yaml`)
    writeFileSync(file, configuration(place))
    const set = ['server.host=127.0.0.1', `server.port=${port}`, `admin.port=${admin}`]
    const args = ['start', file, ...set.flatMap(one => ['--set', one])]
    return new Phoenix(`http://127.0.0.1:${port}`, `http://127.0.0.1:${admin}`, () => sluice(t, args))
  }

  get run(): Sluice {
    return this.#run
  }

  /** Ends it, and resolves when it is gone. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#run.kill(signal)
    return await this.#run.ended
  }

  again(): void {
    this.#run = this.#launch()
    this.#begun = now()
  }

  /** Milliseconds from its start until /readyz says 200; Infinity when that has not come within the limit. */
  async ready(limitMs: number): Promise<number> {
    while (!(await this.isReady())) {
      if (now() - this.#begun > limitMs || this.#run.code !== null) return Infinity
      await sleep(25)
    }
    return now() - this.#begun
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`${this.#admin}/readyz`).catch(() => null))?.ok === true
  }

  /** Why it is not ready. */
  async reasons(): Promise<string> {
    return await fetch(`${this.#admin}/readyz?verbose`).then(
      response => response.text(),
      error => `${String(error)} ${this.#run.err}`,
    )
  }

  /** The sum of the series of that name; NaN while nobody answers. */
  async metric(name: string): Promise<number> {
    const text = await fetch(`${this.#admin}/metrics`).then(
      response => response.text(),
      () => null,
    )
    return text === null ? NaN : sum(parseMetrics(text), name)
  }
}
