import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import type { RouteOptions } from '../../../config/schema/index.ts'
import { Problem } from '../../problem.ts'
import type { BodyReader, Inbound } from '../inbound.ts'

type Coding = RouteOptions['decode'][number]
type Undo = (bytes: Buffer, options: Readonly<{ maxOutputLength: number }>) => Promise<Buffer>

const undo: Readonly<Record<Coding, Undo>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
}

/** Reads a body in place of its reader, who gets what it was before it was coded. */
export type Decoding = (req: Inbound, reader: BodyReader) => BodyReader

/**
 * Undoes the content codings of bodies that a route has listed (RFC 9110, 8.4), null where it lists none. What unfolds to more
 * than `bodyBytes` is too-large before it is there, however small it came.
 */
export function decodingOf({ decode, bodyBytes }: RouteOptions): Decoding | null {
  if (decode.length === 0) return null
  const codings = new Set<string>(decode)
  const options = { maxOutputLength: Math.max(1, bodyBytes) }
  return (req, reader) => {
    const coding = req.headers['content-encoding']?.toLowerCase() ?? ''
    if (!codings.has(coding)) return reader
    return (problem, body) => {
      if (problem !== null || body.length === 0) return reader(problem, body)
      undo[coding as Coding](body, options).then(
        plain => {
          const held = req.taken
          req.taken += plain.length // it is released with the exchange
          const full = req.entrance?.take(plain.length, held) ?? null
          delete req.headers['content-encoding'] // from here on it was never coded
          reader(full, full === null ? plain : body)
        },
        (error: NodeJS.ErrnoException) => reader(problemOf(error, coding, bodyBytes), body),
      )
    }
  }
}

const problemOf = ({ code }: NodeJS.ErrnoException, coding: string, bodyBytes: number): Problem =>
  code === 'ERR_BUFFER_TOO_LARGE'
    ? new Problem('too-large', `The body is larger than ${bodyBytes} bytes once it is decoded.`)
    : new Problem('invalid-request', `The body is not ${coding}.`)
