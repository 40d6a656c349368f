import type { Ask, Pair } from '../../call.ts'

/** Fields of one connection, and of the framing of one message (RFC 9110, 7.6.1). */
const ofTheConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const crlf = /[\r\n\0]/

/** The fields of a request as undici takes them: names and values in turn. */
export function fieldsOf({ headers, contentType, contentEncoding, trace }: Ask['told']): string[] {
  const flat: string[] = []
  let encoding = false
  for (const [name, value] of headers) {
    if (ofTheConnection.has(name)) continue
    encoding ||= name === 'accept-encoding'
    flat.push(name, toField(value))
  }
  for (const [name, value] of trace) flat.push(name, toField(value))
  if (contentType !== null) flat.push('content-type', toField(contentType))
  if (contentEncoding !== undefined) flat.push('content-encoding', toField(contentEncoding))
  // otherwise the client might get an encoding that it did not ask for
  if (!encoding) flat.push('accept-encoding', 'identity')
  return flat
}

/** The fields of an answer, without those of its connection. Null where one holds what would end or split a field. */
export function pairsOf(headers: Readonly<Record<string, string | string[] | undefined>>): readonly Pair[] | null {
  const named = headers['connection']
  const alsoOfIt =
    named === undefined
      ? null
      : String(named)
          .toLowerCase()
          .split(/\s*,\s*/)
  const pairs: Pair[] = []
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined || ofTheConnection.has(name) || alsoOfIt?.includes(name) === true) continue
    for (const one of Array.isArray(value) ? value : [value]) {
      if (crlf.test(one)) return null
      pairs.push([name, one])
    }
  }
  return pairs
}

/** A header value with one character a byte, as Node writes it; larger characters become UTF-8. */
const toField = (value: string): string => {
  for (let at = 0; at < value.length; at++)
    if (value.charCodeAt(at) > 0xff) return Buffer.from(value).toString('latin1')
  return value
}

/** Whether a request may be sent again although it may have been served: RFC 9110, 9.2.2. */
export const isIdempotent = ({ told: { method } }: Pick<Ask, 'told'>): boolean => idempotent.has(method)
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])
