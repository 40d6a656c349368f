import { get } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Scope } from './scope.ts'
import { until } from './until.ts'

/** An event as the HTML standard dispatches it. */
export type Heard = Readonly<{ id: string; event: string; data: string }>

export type ListenOptions = Readonly<{ headers?: Readonly<Record<string, string>> }>

/** One client of server-sent events, which keeps what it heard. */
export class Listener {
  readonly heard: Heard[] = []
  status = 0
  headers: IncomingHttpHeaders = {}
  text = ''
  lastId = ''
  retryMs: number | null = null
  ended = false
  readonly #req
  #res: IncomingMessage | null = null
  #rest = ''

  constructor(url: string, { headers = {} }: ListenOptions = {}) {
    this.#req = get(
      url.replace('localhost', '127.0.0.1'),
      { agent: false, headers: { accept: 'text/event-stream', ...headers } },
      res => {
        this.#res = res
        this.status = res.statusCode ?? 0
        this.headers = res.headers
        res.setEncoding('utf8')
        res.on('data', (text: string) => this.#take(text))
        res.on('close', () => (this.ended = true))
        res.on('error', () => {})
      },
    )
    this.#req.on('error', () => (this.ended = true))
  }

  /** The data of the messages so far. */
  get data(): readonly string[] {
    return this.heard.filter(({ event }) => event === 'message').map(({ data }) => data)
  }

  /** Resolves once it is connected, and its position is known where it has one. */
  async open(): Promise<this> {
    await until('the stream is open', () => this.ended || this.status >= 204 || this.lastId !== '')
    return this
  }

  async messages(count: number): Promise<readonly string[]> {
    await until(`${count} messages have come, not ${this.data.length}`, () => this.data.length >= count, 10_000)
    return this.data
  }

  async event(name: string): Promise<Heard> {
    return await until(`an event ${name}`, () => this.heard.find(({ event }) => event === name))
  }

  /** Reads no more. */
  stall(): void {
    this.#res?.pause()
  }

  resume(): void {
    this.#res?.resume()
  }

  close(): void {
    this.#req.destroy()
  }

  #take(text: string): void {
    this.text += text
    this.#rest += text
    for (let end = this.#rest.indexOf('\n\n'); end !== -1; end = this.#rest.indexOf('\n\n')) {
      this.#dispatch(this.#rest.slice(0, end))
      this.#rest = this.#rest.slice(end + 2)
    }
  }

  #dispatch(block: string): void {
    let event = 'message'
    const data: string[] = []
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':')
      const [field, value] = colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
      if (field === 'id') this.lastId = value
      else if (field === 'event') event = value
      else if (field === 'data') data.push(value)
      else if (field === 'retry') this.retryMs = Number(value)
    }
    if (data.length > 0) this.heard.push({ id: this.lastId, event, data: data.join('\n') })
  }
}

/** A listener that is gone with the test. */
export function listenTo(t: Scope, url: string, options: ListenOptions = {}): Listener {
  const listener = new Listener(url, options)
  t.after(() => listener.close())
  return listener
}
