import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { constants } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { StreamInbound } from '../../../src/routes/http2/request.ts'

const head = { ':method': 'POST', ':path': '/orders?a=1', ':authority': 'a.example', ':scheme': 'https', 'x-a': '1' }

function inbound(headers: IncomingHttpHeaders, flags = 0) {
  const stream = new PassThrough()
  return { stream, req: new StreamInbound(new Socket(), stream as unknown as ServerHttp2Stream, headers, flags) }
}

test('a stream looks as a request of HTTP/1 does', () => {
  const { req } = inbound(head, constants.NGHTTP2_FLAG_END_STREAM)
  deepEqual([req.method, req.url, req.httpVersion], ['POST', '/orders?a=1', '2.0'])
  deepEqual({ ...req.headers }, { 'x-a': '1', host: 'a.example' })
  deepEqual(req.rawHeaders, ['host', 'a.example', 'x-a', '1'])
  deepEqual([req.hasBody, req.complete, req.remaining], [false, true, 0])
})

test('two hosts that differ are two hosts', () => {
  const { req } = inbound({ ...head, host: 'b.example' })
  deepEqual(req.rawHeaders.slice(0, 4), ['host', 'a.example', 'host', 'b.example'])
  equal(inbound({ ...head, host: 'a.example' }).req.rawHeaders.filter(name => name === 'host').length, 1)
})

test('a body of which no length is told is read to its end', async () => {
  const { stream, req } = inbound(head)
  deepEqual([req.hasBody, req.remaining], [true, Infinity])
  const { promise, resolve } = Promise.withResolvers<string>()
  req.readBody(100, 1_000, (problem, body) => resolve(problem?.code ?? body.toString()))
  stream.write('one ')
  stream.end('two')
  equal(await promise, 'one two')
  equal(req.complete, true)
})
