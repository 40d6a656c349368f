import type { ServerResponse } from 'node:http'
import { every } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Watching } from './index.ts'

const everyMs = 1_000
/** How soon a page comes again that was let go. */
const againMs = 1_000
/** After so many ticks that it could not take, a page is let go. */
const mostMissed = 30
/** So many may look at once. */
const most = 16

/**
 * Tells open pages once a second, as server-sent events, which sections have changed; who joins is told all. What there is to
 * tell is gathered and written once for all of them, and nothing is gathered while nobody looks.
 */
export class Live implements Disposable {
  readonly #watching: Watching
  readonly #pages = new Map<ServerResponse, number>() // with the ticks that each could not take
  #told = new Map<string, string>() // what all pages know, by section, as JSON
  #ticking: Disposable | null = null

  constructor(watching: Watching) {
    this.#watching = watching
  }

  join(res: ServerResponse): void {
    if (this.#pages.size >= most) {
      res.writeHead(503, { 'Content-Type': 'text/plain', 'Retry-After': '5' }).end(`${most} consoles are open.\n`)
      return
    }
    // before the head is written: what fails here is answered 500
    if (this.#pages.size === 0) this.#told = texts(this.#watching.now())
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    })
    res.write(`retry: ${againMs}\n${event(new Map([...this.#told, ...texts(this.#watching.past())]))}`)
    this.#pages.set(res, 0)
    this.#ticking ??= every(everyMs, () => this.#tick())
    res.on('close', () => this.#leave(res))
  }

  /** What there is to tell now; null when it cannot be gathered, which must not end the process. */
  #look(): Map<string, string> | null {
    try {
      return texts(this.#watching.now())
    } catch (cause) {
      events.warning.publish({ what: 'The console could not be told.', cause })
      return null
    }
  }

  #leave(res: ServerResponse): void {
    this.#pages.delete(res)
    if (this.#pages.size > 0) return
    this.#ticking?.[Symbol.dispose]()
    this.#ticking = null
  }

  #tick(): void {
    const now = this.#look()
    if (now === null) return
    const changed = new Map([...now].filter(([key, text]) => this.#told.get(key) !== text))
    this.#told = now
    const text = event(changed)
    for (const [page, missed] of this.#pages) {
      // a page that reads slowly is told all when it can take it; one that does not read at all is let go
      if (missed === mostMissed) page.destroy()
      else if (page.writableNeedDrain) this.#pages.set(page, missed + 1)
      else {
        page.write(missed === 0 ? text : event(now))
        this.#pages.set(page, 0)
      }
    }
  }

  [Symbol.dispose](): void {
    this.#ticking?.[Symbol.dispose]()
    for (const page of this.#pages.keys()) page.destroy()
  }
}

const texts = (sections: Readonly<Record<string, unknown>>): Map<string, string> =>
  new Map(Object.entries(sections).map(([key, section]) => [key, JSON.stringify(section) ?? 'null']))

/** No section has a line break, as JSON writes none. */
const event = (sections: ReadonlyMap<string, string>): string =>
  `data: {${Array.from(sections, ([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}\n\n`
