import { hash } from 'node:crypto'
import type { Call, CommandId } from '../../call.ts'

/** What makes two requests the same: method, path and query, content type, the headers that are passed on, and the raw body. The trace does not count. */
export function fingerprintOf({ told, body }: Call): string {
  const { method, path, query, contentType, headers } = told
  const head = JSON.stringify([method, path, query, contentType, headers]) // a list, so that no two run into each other
  return hash('sha256', Buffer.concat([Buffer.from(`${head}\n`), body]), 'base64url')
}

/** A key counts for one client and one route. */
export const scopeOf = ({ client, route }: Call, key: string): string =>
  hash('sha256', JSON.stringify([client, route, key]), 'base64url')

/** The identity of a command with this key, on every instance and however often it is sent: a UUID of version 8 (RFC 9562). */
export function commandOf(scope: string): CommandId {
  const hex = hash('sha256', scope, 'hex')
  const variant = (0x8 | (Number.parseInt(hex.charAt(16), 16) & 0x3)).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}` as CommandId
}
