import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { garbage, tooLarge, Undecodable } from './lz77.ts'
import { unlz4 } from './lz4.ts'
import { unsnappy } from './snappy.ts'

export { Undecodable }

/** The compression of a record batch, as the lowest bits of its attributes give it: none, gzip, snappy, lz4, zstd. */
export type Codec = 0 | 1 | 2 | 3 | 4

const names = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/**
 * Unfolds the records of a batch. Throws Undecodable when they are broken (`garbage`) or would take more than `limitBytes`
 * (`too-large`): 16 KB of zstd can hold 512 MiB. May return a view of `data`.
 */
export function decompress(codec: Codec, data: Uint8Array, limitBytes: number): Buffer {
  switch (codec) {
    case 0:
      if (data.length > limitBytes) throw tooLarge('none', limitBytes)
      return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    case 2:
      return unsnappy(data, limitBytes)
    case 3:
      return unlz4(data, limitBytes)
    case 1:
    case 4:
      return byNode(codec, data, limitBytes)
    default:
      throw new Undecodable('garbage', `The batch has an unknown compression (${String(codec)}).`)
  }
}

function byNode(codec: 1 | 4, data: Uint8Array, limitBytes: number): Buffer {
  const unfold = codec === 1 ? gunzipSync : zstdDecompressSync
  try {
    return unfold(data, { maxOutputLength: Math.max(1, limitBytes) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(names[codec], limitBytes)
    throw garbage(names[codec], (error as Error).message, error)
  }
}
