/** Fields that belong to one connection (RFC 9110, 7.6.1) or to the framing of one message: passing them on would forge them. */
const ofTheConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Names that mean something on the wire to the workers, in one dialect or another, and what asks the gateway for faults. */
const ofTheWire = ['ce_', 'ce-', 'sluice-', 'kafka_', 'http-', 'x-fault-']

/** Whether a request header may go to a worker, if the route lists it. The name is lower case. */
export const mayPassIn = (name: string): boolean =>
  !ofTheConnection.has(name) && !ofTheWire.some(prefix => name.startsWith(prefix))

/** What the gateway itself says in every answer: a worker cannot say it in its place. */
const ours: ReadonlySet<string> = new Set([
  'content-type', // always passes, by a way of its own
  'date',
  'preference-applied',
  'ratelimit',
  'ratelimit-policy',
  'server-timing',
  'x-content-type-options',
])

/** Whether a header of a reply may go to the client, if the route lists it. The name is lower case. */
export const mayPassOut = (name: string): boolean =>
  !ofTheConnection.has(name) && !ours.has(name) && !name.startsWith('sluice-')

/** Whether a header field can hold this value. */
export function isSendable(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false
  }
  return true
}

/** Whether no character of it is beyond this one. */
const isWithin = (value: string, last: number): boolean => {
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) > last) return false
  return true
}

/** A header field as Node reads it, one character a byte, as the UTF-8 that it mostly is; otherwise as it came. */
export function fromField(value: string): string {
  if (isWithin(value, 0x7e)) return value
  const text = Buffer.from(value, 'latin1').toString()
  return text.includes('\ufffd') ? value : text
}

/** A header field as Node writes it, one character a byte: what has larger characters, and would be refused, as UTF-8. */
export const toField = (value: string): string =>
  isWithin(value, 0xff) ? value : Buffer.from(value).toString('latin1')
