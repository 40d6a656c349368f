import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createZstdCompress, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { decompress } from '../../../src/bridge/kafka/compression.ts'
import type { Codec } from '../../../src/bridge/kafka/compression.ts'

type Row = Readonly<{ content: string; by: string; codec: Codec; length: number; sha256: string; base64: string }>
/** Made by Kafka's Java client: fixtures/Compressed.java says how. */
const rows = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/compressed.json'), 'utf8'),
) as readonly Row[]
const mebi = 1_048_576
const tooLarge = { name: 'Undecodable', kind: 'too-large' }
const garbage = { name: 'Undecodable', kind: 'garbage' }

for (const by of new Set(rows.map(row => row.by)))
  test(`what Java has folded by ${by} comes back`, () => {
    for (const row of rows.filter(row => row.by === by)) {
      const content = decompress(row.codec, Buffer.from(row.base64, 'base64'), row.length)
      equal(content.length, row.length, row.content)
      equal(createHash('sha256').update(content).digest('hex'), row.sha256, row.content)
    }
  })

test('the limit holds to the byte, whatever the codec', () => {
  for (const row of rows.filter(row => row.length > 0))
    throws(() => decompress(row.codec, Buffer.from(row.base64, 'base64'), row.length - 1), tooLarge, row.by)
})

test('a batch without compression is passed on as it is, below the limit', () => {
  const bytes = Uint8Array.from([1, 2, 3])
  deepEqual(decompress(0, bytes, 3), Buffer.from(bytes))
  throws(() => decompress(0, bytes, 2), tooLarge)
})

test('512 MiB in a few kilobytes are refused, and memory grows by little more than the limit', async () => {
  const zstd = createZstdCompress()
  const zeros = Buffer.alloc(mebi)
  const feeding = (async () => {
    for (let i = 0; i < 512; i++) if (!zstd.write(zeros)) await new Promise(resolve => zstd.once('drain', resolve))
    zstd.end()
  })()
  const bomb = Buffer.concat((await zstd.toArray()) as Buffer[])
  await feeding
  ok(bomb.length < 64 * 1_024, `the bomb has ${bomb.length} bytes`)
  const gzip = gzipSync(Buffer.alloc(64 * mebi))
  const before = process.resourceUsage().maxRSS
  throws(() => decompress(4, bomb, mebi), tooLarge)
  throws(() => decompress(1, gzip, mebi), tooLarge)
  const grown = (process.resourceUsage().maxRSS - before) / 1_024
  ok(grown < 32, `grown by ${grown} MiB`)
})

test('the window of the highest zstd level is allowed, and takes no memory that the content does not', () => {
  // one raw byte in a frame with a window of 128 MiB, which Java's level 22 asks for
  const wide = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 0x09, 0x00, 0x00, 0x07])
  const before = process.resourceUsage().maxRSS
  deepEqual(decompress(4, wide, mebi), Buffer.from([7]))
  const grown = (process.resourceUsage().maxRSS - before) / 1_024
  ok(grown < 32, `grown by ${grown} MiB`)
})

test('bytes of no codec, and of a codec that nobody knows, are garbage', () => {
  for (const codec of [1, 2, 3, 4] as const)
    throws(() => decompress(codec, Buffer.from('no codec'), mebi), garbage, String(codec))
  for (const codec of [5, 6, 7]) throws(() => decompress(codec as Codec, Buffer.from('none'), mebi), garbage)
})

test('a batch of Java with any change or cut ends in a result within the limit, or in Undecodable', () => {
  fc.assert(
    fc.property(fc.constantFrom(...rows), fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (row, place, byte, cut) => {
      let bytes = Buffer.from(row.base64, 'base64')
      if (cut) bytes = bytes.subarray(0, place % bytes.length)
      else bytes[place % bytes.length] = byte
      try {
        ok(decompress(row.codec, bytes, 100_000).length <= 100_000)
      } catch (error) {
        equal((error as Error).name, 'Undecodable')
      }
    }),
    { numRuns: 2_000 },
  )
})
