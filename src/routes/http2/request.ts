import { constants } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { Inbound } from '../inbound.ts'

/** A request that came as a stream of HTTP/2: it looks as one of HTTP/1 does, so that all that serves one serves the other. */
export class StreamInbound extends Inbound {
  readonly #hasBody: boolean

  constructor(socket: Socket, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number) {
    super(socket)
    this.#hasBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0
    this.httpVersion = '2.0'
    this.httpVersionMajor = 2
    this.httpVersionMinor = 0
    this.method = headers[':method'] as string
    this.url = headers[':path'] ?? ''
    const plain: IncomingHttpHeaders = {}
    for (const name in headers) if (!name.startsWith(':')) plain[name] = headers[name]
    const authority = headers[':authority']
    const hosts = [authority, plain.host].filter(host => host !== undefined)
    plain.host = authority ?? plain.host
    this.headers = plain
    this.rawHeaders = rawOf(plain, hosts)
    stream.on('data', (chunk: Buffer) => void this.push(chunk))
    stream.on('end', () => this.#end())
    if (!this.#hasBody) this.#end()
  }

  override get hasBody(): boolean {
    return this.#hasBody
  }

  #end(): void {
    if (this.complete) return
    this.complete = true
    this.push(null)
  }
}

/** As the head was, for whoever counts it: two hosts that differ are two lines (RFC 9113, 8.3.1). */
function rawOf(headers: IncomingHttpHeaders, hosts: readonly string[]): string[] {
  const raw: string[] = []
  for (const host of new Set(hosts)) raw.push('host', host)
  for (const name in headers) {
    const value = headers[name]
    if (name === 'host' || value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) raw.push(name, each)
  }
  return raw
}
