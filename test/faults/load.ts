import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { now, until } from './time.ts'

export const kinds = ['command', 'query', 'event'] as const
export type Kind = (typeof kinds)[number]
/** What one client got; status 0 is a connection that failed. */
export type Answer = Readonly<{
  id: string // of the order, another in each request
  kind: Kind
  begun: number
  ended: number
  status: number
  outcome: string // Sluice-Outcome
  code: string // of the problem, empty for a reply
  echoed: string | null // the order id in the answer
  ownMs: number // as the gateway says in Server-Timing
}>
export const lasted = ({ begun, ended }: Answer): number => ended - begun
export const accepted = ({ status }: Answer): boolean => status >= 200 && status < 300
/** Answered by a worker: an event is answered by the gateway. */
export const served = (answer: Answer): boolean => accepted(answer) && answer.kind !== 'event'

/** Seven commands, two queries and an event in ten. */
const kindOf = (n: number): Kind => (n % 10 < 7 ? 'command' : n % 10 < 9 ? 'query' : 'event')
const giveUpMs = 15_000 // far beyond every deadline: an answer that never comes must not hold up the run

/** Clients that send at a steady rate, whatever comes back (open loop), each request once. */
export class Load {
  readonly answers: Answer[] = []
  readonly #url: URL
  readonly #perSecond: number
  readonly #name: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 10_000, maxFreeSockets: 10_000 })
  #sent = 0
  #timer: NodeJS.Timeout | undefined

  constructor(url: string, perSecond: number, name: string) {
    this.#url = new URL(url)
    this.#perSecond = perSecond
    this.#name = name
  }

  get sent(): number {
    return this.#sent
  }

  start(): void {
    const begun = now()
    let due = 0
    this.#timer = setInterval(() => {
      for (const wanted = ((now() - begun) * this.#perSecond) / 1_000; due < wanted; due++) this.#send()
    }, 2)
  }

  /** Sends nothing more; resolves when everything is answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await until('the last answer', giveUpMs + 5_000, () => this.answers.length === this.#sent)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#agent.destroy()
  }

  #send(): void {
    const n = this.#sent++
    const kind = kindOf(n)
    const id = `${this.#name}-${n}`
    const body = kind === 'query' ? '' : JSON.stringify({ orderId: id, amount: n % 100 })
    const path = kind === 'command' ? '/orders' : kind === 'query' ? `/orders/${id}` : '/facts'
    const begun = now()
    let over = false
    const end = (response: IncomingMessage | null, text: string): void => {
      if (over) return
      over = true
      const said = parse(text)
      const header = (name: string): string => String(response?.headers[name] ?? '')
      this.answers.push({
        id,
        kind,
        begun,
        ended: now(),
        status: response?.statusCode ?? 0,
        outcome: header('sluice-outcome'),
        code: response === null ? text : typeof said.code === 'string' ? said.code : '',
        echoed: typeof said.orderId === 'string' ? said.orderId : null,
        ownMs: Number(/total;dur=([\d.]+)/.exec(header('server-timing'))?.[1] ?? NaN),
      })
    }
    const sending = request(
      {
        agent: this.#agent,
        host: this.#url.hostname,
        port: this.#url.port,
        path,
        method: kind === 'query' ? 'GET' : 'POST',
        headers: body === '' ? {} : { 'content-type': 'application/json', 'content-length': body.length },
        timeout: giveUpMs,
      },
      response => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', chunk => (text += chunk))
        response.on('end', () => end(response, text))
        response.on('error', error => end(null, error.message))
      },
    )
    sending.on('error', error => end(null, error.message))
    sending.on('timeout', () => sending.destroy(new Error(`no answer within ${giveUpMs} ms`)))
    sending.end(body)
  }
}

function parse(text: string): Readonly<{ orderId?: unknown; code?: unknown }> {
  try {
    return JSON.parse(text) as object
  } catch {
    return {}
  }
}
