import type { IncomingMessage, ServerResponse } from 'node:http'
import { filesOf } from './files.ts'
import type { File } from './files.ts'
import { Live } from './live.ts'

/** What there is to see, by section: plain values, fit for JSON. `past` is told once to each page. */
export type Watching = Readonly<{
  now: () => Readonly<Record<string, unknown>>
  past: () => Readonly<Record<string, unknown>>
}>

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'", // no text can become markup by mistake
  "trusted-types 'none'",
].join('; ')

/** The console: a page that nothing has to be built for, its files, and what it is told while it is open. */
export class Console implements Disposable {
  readonly #live: Live
  #files: Promise<ReadonlyMap<string, File>> | null = null

  constructor(watching: Watching) {
    this.#live = new Live(watching)
  }

  /** Answers what belongs to the console; false for any other path. */
  async answer(req: IncomingMessage, res: ServerResponse, path: string): Promise<boolean> {
    if (path !== '/console' && !path.startsWith('/console/')) return false
    if (req.method !== 'GET' && req.method !== 'HEAD') return false
    if (path === '/console/live') {
      this.#live.join(res)
      return true
    }
    this.#files ??= filesOf() // not read before somebody looks
    const file = (await this.#files).get(path)
    if (file === undefined) return false
    res.writeHead(200, {
      'Content-Type': file.type,
      'Content-Length': file.body.length,
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
    })
    res.end(file.body)
    return true
  }

  [Symbol.dispose](): void {
    this.#live[Symbol.dispose]()
  }
}
