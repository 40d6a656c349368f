import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { decodingOf } from '../../../src/routes/coding/decode.ts'
import type { Inbound } from '../../../src/routes/inbound.ts'
import { configOf } from '../front.ts'

const event = { match: 'POST /a', event: { topic: 'a' } }
const all = ['gzip', 'deflate', 'br', 'zstd']
const routeOf = (more: object) => configOf({ a: { ...event, ...more } }).routes['a']!

type Read = Readonly<{ code: string | undefined; body: string; headers: object; taken: number }>
function decoded(coding: string, body: Buffer, more: object = {}): Promise<Read> {
  const req = { headers: { 'content-encoding': coding }, taken: body.length, entrance: null } as unknown as Inbound
  const { promise, resolve } = Promise.withResolvers<Read>()
  const decoding = decodingOf(routeOf({ decode: all, bodyBytes: 1_000, ...more }))
  decoding?.(req, (problem, plain) =>
    resolve({ code: problem?.code, body: plain.toString(), headers: req.headers, taken: req.taken }),
  )(null, body)
  return promise
}

test('each coding is undone, and from there on the body was never coded', async () => {
  for (const [coding, code] of [gzipSync, deflateSync, brotliCompressSync, zstdCompressSync].entries())
    deepEqual(await decoded((all[coding] as string).toUpperCase(), code('{"a":1}')), {
      code: undefined,
      body: '{"a":1}',
      headers: {},
      taken: code('{"a":1}').length + 7,
    })
})

test('what unfolds to more than a body may be is too large, whatever its coding', async () => {
  const large = Buffer.alloc(1_001)
  for (const [at, code] of [gzipSync, deflateSync, brotliCompressSync, zstdCompressSync].entries())
    equal((await decoded(all[at] as string, code(large))).code, 'too-large')
  equal((await decoded('gzip', gzipSync(large.subarray(1)))).code, undefined)
})

test('what is not coded as it says, or cut off, is no request', async () => {
  for (const coding of all) equal((await decoded(coding, Buffer.from('{"a":1}'))).code, 'invalid-request', coding)
  equal((await decoded('gzip', gzipSync('{"a":1}').subarray(0, 15))).code, 'invalid-request')
})

test('a route that lists nothing has nothing to do with it', () => {
  equal(decodingOf(routeOf({})), null)
})
