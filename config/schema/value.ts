import { isIP, isIPv6 } from 'node:net'
import { z } from 'zod'

/**
 * What the other files read from `.meta`: `unit`; `allowed`, what a wrong value is told to be; `secret`, hidden and never
 * quoted; `file`, a path that must be readable, from the folder of the configuration file.
 */
export type Meta = Readonly<{ unit?: string; allowed?: string; secret?: boolean; file?: boolean }>

export const meta = (meta: Meta): Meta => meta

/** Durations are whole milliseconds and say so in their names. */
export const ms = (min: number, max: number) =>
  z
    .number()
    .int()
    .min(min)
    .max(max)
    .meta(meta({ unit: 'ms' }))

export const count = (min: number, max: number) => z.number().int().min(min).max(max)

export const bytes = (min: number, max: number) =>
  z
    .number()
    .int()
    .min(min)
    .max(max)
    .meta(meta({ unit: 'bytes' }))

export const percent = (min = 0) =>
  z
    .number()
    .min(min)
    .max(100)
    .meta(meta({ unit: '%' }))

export const port = () => z.number().int().min(0).max(65_535)

export const hour = 3_600_000

export const day = 24 * hour

export const mebi = 1_048_576

export const text = (pattern: RegExp, allowed: string) => z.string().regex(pattern).meta(meta({ allowed }))

export const path = () =>
  z
    .string()
    .min(1)
    .meta(meta({ file: true, allowed: 'the path of a readable file' }))

export const topicName = text(
  /^(?!__)(?!\.\.?$)[a-zA-Z0-9._-]{1,249}$/,
  'a topic name: 1 to 249 of a–z A–Z 0–9 . _ - and not beginning with __',
)

export const headerName = text(/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'a header name in lower case')

export const answerHeader = text(
  /^(?!(content-(type|length|encoding|range)|connection|keep-alive|transfer-encoding|upgrade|trailer|date|set-cookie|www-authenticate|allow|location|retry-after|vary|access-control-.*|ratelimit.*|sluice-.*|server-timing|preference-applied)$)[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/,
  'a header name in lower case, and none of those that the gateway writes itself',
)

export const headerText = text(
  /^[\x21-\x7e][\x20-\x7e]{0,1023}$/,
  'the value of a header, at most 1,024 printable characters',
)

export const contentType = text(
  /^[a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,64}$/,
  'a content type in lower case without parameters, such as application/json',
)

export const replyType = text(
  /^[A-Za-z0-9!#$&^_.+-]{1,64}\/[A-Za-z0-9!#$&^_.+-]{1,64}( *;[\x20-\x7e]{1,128})?$/,
  'a content type, such as application/json or text/plain; charset=utf-8',
)

export const recordHeader = text(
  /^(?!ce_|http-|sluice-attempt$|sluice-expires$)[\x21-\x7e]{1,128}$/i,
  'the name of a record header: 1 to 128 printable characters, and none of those that the gateway writes itself',
)

export const emptyBody = z.literal([null, 'null', 'empty', 'object']).meta(meta({ allowed: 'null, empty or object' }))

export const contentCoding = text(
  /^(?!identity$)[a-z0-9][a-z0-9!#$&^_.+-]{0,31}$/,
  'a content coding in lower case, such as gzip',
)

export const name = text(
  /^[a-z][a-z0-9-]{0,63}$/,
  'a name: lower-case letters, digits and hyphens, a letter first, at most 64',
)

export const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535

export const hostAndPort = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]{1,253})):(\d+)$/

export const isAddress = (text: string): boolean => {
  const [, ipv6, , number = ''] = hostAndPort.exec(text) ?? []
  return isPort(number) && (ipv6 === undefined || isIPv6(ipv6))
}

export const brokers = z
  .string()
  .refine(list => list.trim() === '' || list.split(',').every(entry => isAddress(entry.trim())))
  .meta(meta({ allowed: 'addresses host:port, separated by commas, with ports from 1 to 65535' }))

export const isRange = (text: string): boolean => {
  const [address = '', bits, ...more] = text.split('/')
  const family = address.includes('%') ? 0 : isIP(address)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

export const range = z
  .string()
  .refine(isRange)
  .meta(meta({ allowed: 'an IP address, or a range such as 10.0.0.0/8' }))

export const Mode = z
  .enum(['enforce', 'observe', 'off'])
  .default('enforce')
  .describe('`enforce` refuses, `observe` decides and counts but lets through, `off` is not there at all.')

export const groupName = text(/^[^\s\p{Cc}]{1,249}$/u, 'the id of a consumer group: 1 to 249 characters, no blanks')

/** Headers without which a status or a body does not mean what it says: they pass by default. */
export const meaningfulHeaders: readonly string[] = [
  'location',
  'etag',
  'last-modified',
  'cache-control',
  'content-language',
  'content-encoding',
  'content-range',
  'retry-after',
  'vary',
  'allow',
  'www-authenticate',
]
