import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from './child.ts'
import type { Dials, Memory } from './probe.ts'
import { until } from './time.ts'

export const topics = { commands: 'orders.commands', facts: 'facts', replies: 'gateway.replies' } as const
export const timeoutMs = { command: 5_000, query: 2_000, event: 5_000 } as const
/** Everything that is not said here is as shipped. */
const configuration = (brokers: string, createTopics: boolean): string => `
server: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: 0 }
instance: { id: faults }
broker:
  brokers: ${brokers}
  createTopics: ${createTopics}
  publish: { attemptMs: 500, attempts: 3 }
replies: { topic: ${topics.replies} }
workers:
  orders: { topic: ${topics.commands} }
routes:
  place-order: { match: POST /orders, command: { to: orders, key: body.orderId }, timeoutMs: ${timeoutMs.command} }
  read-order: { match: 'GET /orders/:orderId', query: { to: orders, key: path.orderId }, timeoutMs: ${timeoutMs.query} }
  fact: { match: POST /facts, event: { topic: ${topics.facts}, key: body.orderId }, timeoutMs: ${timeoutMs.event} }
drain: { delayMs: 0, limitMs: 5000 }
`

export type Ready = Readonly<{ status: number; degraded: boolean; reasons: readonly string[] }>
/** Series of /metrics by name and labels, as they are written there. */
export type Metrics = ReadonlyMap<string, number>

/** A gateway as a process of its own, as users start it. */
export class Gateway {
  readonly #child: Child
  #url = ''
  #admin = ''

  private constructor(child: Child) {
    this.#child = child
  }

  static async start(
    folder: string,
    brokers: string,
    { createTopics = true }: Readonly<{ createTopics?: boolean }> = {},
  ): Promise<Gateway> {
    const file = join(folder, 'gateway.yaml')
    writeFileSync(file, configuration(brokers, createTopics))
    const own = ['--expose-gc', '--import', join(import.meta.dirname, 'probe.ts')]
    const args = [...own, 'src/main.ts', 'start', file]
    const gateway = new Gateway(new Child('the gateway', args, join(folder, 'gateway.log')))
    await gateway.#listening()
    return gateway
  }

  get url(): string {
    return this.#url
  }

  get child(): Child {
    return this.#child
  }

  memory(): Promise<Memory> {
    return this.#child.ask('memory')
  }

  dials(): Promise<Dials> {
    return this.#child.ask('dials')
  }

  async metrics(): Promise<Metrics> {
    const text = await (await fetch(`${this.#admin}/metrics`)).text()
    const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
    return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
  }

  async ready(): Promise<Ready> {
    const answer = await fetch(`${this.#admin}/readyz?verbose`)
    const { degraded, reasons } = (await answer.json()) as Pick<Ready, 'degraded' | 'reasons'>
    return { status: answer.status, degraded, reasons }
  }

  async #listening(): Promise<void> {
    const pattern = /"kind":"listening","detail":"([^,"]+), admin ([^"]+)"/
    await until('the gateway to listen', 10_000, () => this.#child.alive() && pattern.test(this.#child.output))
    const [, url, admin] = pattern.exec(this.#child.output) ?? []
    this.#url = `http://${url}`
    this.#admin = `http://${admin}`
  }
}

/** The sum of all series of that name whose labels hold the text. */
export function sum(metrics: Metrics, name: string, label = ''): number {
  let total = 0
  for (const [series, value] of metrics)
    if ((series === name || series.startsWith(`${name}{`)) && series.includes(label)) total += value
  return total
}
