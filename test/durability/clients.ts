import { Aborter } from '../../src/aborter.ts'
import { now, sleep } from '../faults/time.ts'

export type Kind = 'fact' | 'order'
/** One sending and what came of it; status 0 is a connection that failed. */
export type Attempt = Readonly<{
  id: string // of the fact or order, the same in all attempts
  kind: Kind
  begun: number
  ended: number
  status: number
  outcome: string // Sluice-Outcome
  code: string // of the problem, or of the failed connection
  echoed: string | null // the id in the answer
  spooled: boolean // whether it was accepted on disk
}>
export const accepted = ({ status }: Attempt): boolean => status >= 200 && status < 300

export type Asking = Readonly<{
  perSecond: number
  /** Where to ask now; null: nobody is ready. */
  place: () => string | null
  orders: boolean // every second request is one
  filler?: string // in each body
}>

const giveUpMs = 15_000
const againMs = 250
const capMs = 4_000

/**
 * Clients at a steady rate, whatever comes back. A fact is sent once. An order is sent with its Idempotency-Key until it is
 * answered, less and less often, as by a client that wants it done once.
 */
export class Clients {
  readonly attempts: Attempt[] = []
  readonly #asking: Asking
  readonly #name: string
  readonly #open = new Set<string>()
  readonly #hurry = new Aborter()
  #sent = 0
  #timer: NodeJS.Timeout | undefined

  constructor(name: string, asking: Asking) {
    this.#name = name
    this.#asking = asking
  }

  /** Facts and orders, each counted once. */
  get sent(): number {
    return this.#sent
  }

  start(): void {
    const begun = now()
    let due = 0
    this.#timer = setInterval(() => {
      for (const wanted = ((now() - begun) * this.#asking.perSecond) / 1_000; due < wanted; due++) void this.#client()
    }, 5)
  }

  /** Begins nothing more, and lets the orders that are under way be repeated for so long. */
  async stop(limitMs: number): Promise<void> {
    clearInterval(this.#timer)
    const end = now() + limitMs
    while (this.#open.size > 0 && now() < end) await sleep(50)
    this.#hurry.abort(null)
    while (this.#open.size > 0) await sleep(50)
  }

  async #client(): Promise<void> {
    const n = this.#sent++
    const kind: Kind = this.#asking.orders && n % 2 === 1 ? 'order' : 'fact'
    const id = `${this.#name}-${n}`
    this.#open.add(id)
    for (let waitMs = againMs; !(await this.#attempt(id, kind)); waitMs = Math.min(capMs, 2 * waitMs)) {
      if (kind === 'fact' || this.#hurry.aborted) break
      await sleep(waitMs * (0.5 + Math.random() / 2))
    }
    this.#open.delete(id)
  }

  /** Whether it is answered for good. */
  async #attempt(id: string, kind: Kind): Promise<boolean> {
    const begun = now()
    const place = this.#asking.place()
    const put = (rest: Pick<Attempt, 'status' | 'code'> & Partial<Attempt>): boolean => {
      const attempt = { id, kind, begun, ended: now(), outcome: '', echoed: null, spooled: false, ...rest }
      this.attempts.push(attempt)
      return accepted(attempt)
    }
    if (place === null) return put({ status: 0, code: 'nobody is ready' })
    try {
      const response = await fetch(`${place}/${kind}s`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(kind === 'order' && { 'idempotency-key': `"${id}"` }) },
        body: JSON.stringify({ orderId: id, filler: this.#asking.filler }),
        signal: AbortSignal.timeout(giveUpMs),
      })
      const said = parse(await response.text())
      return put({
        status: response.status,
        outcome: response.headers.get('sluice-outcome') ?? '',
        code: said.code ?? '',
        echoed: said.orderId ?? null,
        spooled: said.spooled === true,
      })
    } catch (error) {
      const { cause, name } = error as Error & { cause?: { code?: string } }
      return put({ status: 0, code: cause?.code ?? name })
    }
  }
}

function parse(text: string): Readonly<{ code?: string; orderId?: string; spooled?: boolean }> {
  try {
    return JSON.parse(text) as object
  } catch {
    return {}
  }
}
