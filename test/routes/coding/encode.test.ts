import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Pair, Reply } from '../../../src/call.ts'
import { codingFor, encodingOf } from '../../../src/routes/coding/encode.ts'
import type { Inbound } from '../../../src/routes/inbound.ts'
import { configOf } from '../front.ts'

const { routes } = configOf({ a: { match: 'GET /a', query: { to: 'orders' }, compress: {} } })
const encode = encodingOf(routes['a']!)!
const asking = (accepted: string, method = 'GET') =>
  ({ method, headers: { 'accept-encoding': accepted } }) as unknown as Inbound
const reply = (headers: readonly Pair[] = [], bytes = 2_000): Reply => ({
  status: 200,
  headers: [['content-type', 'application/json'], ...headers],
  body: Buffer.alloc(bytes, 'a'),
})

test('of what a client takes the best is chosen, and of equals our first', () => {
  const chosen = (accepted: string) => codingFor(accepted, ['zstd', 'br', 'gzip'])
  deepEqual(
    [
      'gzip, deflate, br, zstd',
      'gzip;q=1, br;q=0.5',
      '*',
      'x-gzip',
      'zstd;q=0, *;q=0.1',
      '',
      'identity, gzip;q=0.5',
      'gzip;q=wrong',
    ].map(chosen),
    ['zstd', 'gzip', 'zstd', 'gzip', 'br', null, null, null],
  )
  equal(codingFor(undefined, ['gzip']), null)
})

test('a reply is what it was once it is undone, its tag is weak, and caches are told', async () => {
  const undo = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }
  for (const [coding, decompress] of Object.entries(undo)) {
    const before = reply([['etag', '"1"']])
    const { body, headers, own } = await encode(asking(coding), before)
    deepEqual(decompress(body), before.body)
    deepEqual(headers[1], ['etag', 'W/"1"'])
    deepEqual(own, [
      ['Vary', 'Accept-Encoding'],
      ['Content-Encoding', coding],
    ])
  }
})

test('what is short, coded, cut or wanted as it is stays as it is', async () => {
  const same = async (accepted: string, before: Reply, method = 'GET'): Promise<void> =>
    equal((await encode(asking(accepted, method), before)).body, before.body)
  await same('gzip', reply([], 1_023))
  await same('identity', reply())
  await same('gzip', reply(), 'HEAD')
  await same('gzip', { ...reply(), status: 206 })
  await same('gzip', reply([['content-encoding', 'br']]))
  await same('gzip', reply([['cache-control', 'public, no-transform']]))
  await same('gzip', { ...reply(), headers: [['content-type', 'image/png']] })
})

test('when many are compressed at once, further ones go out plain', async () => {
  const all = await Promise.all(Array.from({ length: 64 }, async () => await encode(asking('gzip'), reply())))
  const plain = all.filter(({ body }) => body.length === 2_000)
  equal(plain.length, 32)
})
