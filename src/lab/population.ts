import type { Rate } from './rate.ts'
import { compile } from './template.ts'
import type { Template } from './template.ts'

/** Clients of one kind: how many requests they send, as whom, and what they do when these fail. */
export type Population = Readonly<{
  name: string
  rate: Rate
  /** Whether requests come evenly spaced instead of independently of each other. Default: false. */
  even?: boolean
  /** Instead of a rate: users who wait for their answers, think, and ask again. */
  closed?: Closed | undefined
  /** What is asked. Default: an order, posted to `path`. */
  request?: Template | undefined
  /** What their ids begin with, to tell them from those of another load. Default: nothing. */
  mark?: string
  /** Default: `/orders`. */
  path?: string
  headers?: Readonly<Record<string, string>>
  /** How many different addresses they come from, by X-Forwarded-For. Default: 100. */
  clients?: number
  /** How many different keys they use, or which. Default: another one for each request. */
  keys?: number | readonly string[]
  /** Share of the requests that use one and the same key, in percent. Default: 0. */
  hotPercent?: number
  /** After this time a client hangs up. */
  patienceMs: number
  /** Default: a request that fails is given up. */
  retry?: Retry
}>

export type Closed = Readonly<{ users: number; thinkMs: number; forMs: number }>

/** `attempts` in all; the wait before the next is uniform between 0 and `baseMs` · 2ⁿ. What is refused for good (4xx but 429) is not repeated. */
export type Retry = Readonly<{
  attempts: number
  baseMs: number
  /** Whether they wait as long as Retry-After says. Default: false, as most do. */
  obey?: boolean
}>

/** A request that somebody wants answered. */
export type Errand = Readonly<{ id: string; key: string; client: string }>

/** Draws the requests of a population: who asks, and for what. `index` tells populations apart. */
export class Errands {
  readonly #of: Population
  readonly #index: number
  readonly #random: () => number
  #drawn = 0

  constructor(of: Population, index: number, random: () => number) {
    this.#of = of
    this.#index = index
    this.#random = random
  }

  draw(): Errand {
    const { keys, hotPercent = 0, clients = 100, mark = '' } = this.#of
    const id = `${mark}${this.#index}-${this.#drawn++}`
    const hot = hotPercent > 0 && this.#random() * 100 < hotPercent
    const key = hot ? 'hot' : keys === undefined ? id : this.#key(keys)
    const client = this.#below(clients)
    return { id, key, client: `10.${this.#index}.${client >> 8}.${client & 255}` }
  }

  #key(keys: number | readonly string[]): string {
    if (typeof keys === 'number') return `${this.#index}-k${this.#below(keys)}`
    return keys[this.#below(keys.length)] ?? ''
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}

/**
 * Writes requests. The body says until when somebody waits (epoch milliseconds), so that a worker of any gateway can be asked
 * how much of its work was wanted.
 */
export function writer(of: Population, host: string): (errand: Errand, wantedUntil: number) => string {
  if (of.request !== undefined) return compile(of.request, host)
  const own = Object.entries(of.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `POST ${of.path ?? '/orders'} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${own.join('')}X-Forwarded-For: `
  return ({ id, key, client }, wantedUntil) => {
    const body = `{"orderId":"${key}","id":"${id}","wantedUntil":${Math.round(wantedUntil)}}`
    return `${head}${client}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
}
