import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from './scope.ts'

/** A request as the receiver got it. */
export type Got = Readonly<{ path: string; headers: IncomingHttpHeaders; body: string; at: number }>
/** A status, with headers, or whatever a test does with the response. */
export type Script = (got: Got, res: ServerResponse, count: number) => number | readonly [number, object] | void

/** An HTTP server that keeps what it got, and answers as its script says: 204 unless told otherwise. */
export class TestReceiver {
  readonly got: Got[] = []
  script: Script = () => 204
  url = ''
  readonly #server = createServer((req, res) => void this.#take(req, res))

  async open(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  get bodies(): readonly string[] {
    return this.got.map(({ body }) => body)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let body = ''
    req.setEncoding('utf8')
    for await (const chunk of req as AsyncIterable<string>) body += chunk
    const got = { path: req.url ?? '', headers: req.headers, body, at: performance.now() }
    this.got.push(got)
    const said = this.script(got, res, this.got.length)
    if (said === undefined) return
    const [status, headers] = typeof said === 'number' ? [said, {}] : said
    res.writeHead(status, headers as Record<string, string>).end()
  }
}

/** One that is gone with the test. */
export async function aReceiver(t: Scope, script?: Script): Promise<TestReceiver> {
  const receiver = await new TestReceiver().open()
  if (script !== undefined) receiver.script = script
  t.after(() => receiver.close())
  return receiver
}
