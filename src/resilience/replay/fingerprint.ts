import { createHash } from 'node:crypto'
import type { Call, CommandId } from '../../call.ts'

/** What makes two requests the same: method, path and query, content type, the headers that are passed on, and the raw body. The trace does not count. */
export function fingerprintOf({ told, body }: Call): string {
  const { method, path, query, contentType, headers } = told
  const head = JSON.stringify([method, path, query, contentType, headers]) // a list, so that no two run into each other
  return createHash('sha256').update(head).update('\n').update(body).digest('base64url')
}

/** A key counts for one client and one route. */
export const scopeOf = ({ client, route }: Call, key: string): string =>
  createHash('sha256')
    .update(JSON.stringify([client, route, key]))
    .digest('base64url')

/** The identity of a command with this key, on every instance and however often it is sent: a UUID of version 8 (RFC 9562). */
export function commandOf(scope: string): CommandId {
  const bytes = createHash('sha256').update(scope).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-') as CommandId
}
