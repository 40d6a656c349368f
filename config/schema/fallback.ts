import { z } from 'zod'
import { meta, ms, count, bytes, hour, mebi, text, path, headerName, name } from './value.ts'

export const reserved = 'a header name in lower case, and none of the connection or of the gateway itself'

export const ownHeader = headerName
  .refine(
    name =>
      !/^(connection|content-length|date|keep-alive|proxy-.*|sluice-.*|te|trailer|transfer-encoding|upgrade)$/.test(
        name,
      ),
  )
  .meta(meta({ allowed: reserved }))

export const headerValue = text(/^[\t\x20-\x7e\xa0-\xff]{0,4096}$/, 'text without control characters, at most 4,096')

export const isPlainUrl = (text: string): boolean => {
  if (!/^https?:\/\//.test(text) || /[?#@\s]/.test(text)) return false
  return URL.canParse(text)
}

export const Fallback = z
  .strictObject({
    stale: z
      .strictObject({
        maxAgeMs: ms(1, 7 * 24 * hour)
          .default(300_000)
          .describe('Oldest reply that is served, counted from when it came.'),
        entries: count(1, 100_000).default(1_000).describe('Replies kept; the least recently used goes first.'),
        bytes: bytes(1_024, 4_096 * mebi)
          .default(16 * mebi)
          .describe('Their size together.'),
      })
      .optional()
      .describe('An earlier reply to the same query, as far as its `Cache-Control` and `Vary` allow.'),
    fixed: z
      .strictObject({
        status: count(200, 599).default(200).describe('Its status.'),
        headers: z.record(ownHeader, headerValue).default({}).describe('Its headers, `content-type` among them.'),
        body: z.string().max(mebi).optional().describe('Its body; or else `bodyFile`.'),
        bodyFile: path().optional().describe('File that holds its body, at most 4 MiB.'),
      })
      .optional()
      .describe('An answer that is always the same.'),
    upstream: z
      .strictObject({
        url: z
          .string()
          .refine(isPlainUrl)
          .meta(meta({ allowed: 'a URL with http:// or https:// without user, query and fragment' }))
          .optional()
          .describe('Where the path and query of the request are appended to; or else `to`.'),
        to: name.optional().describe('One of `upstreams`, with its addresses, circuits and connections.'),
        timeoutMs: ms(10, hour)
          .default(1_000)
          .describe(
            'Longest wait for it. So much, but at most half of the time left, is taken off the wait for the worker.',
          ),
        connections: count(1, 10_000)
          .default(32)
          .describe('Connections to it, each with one call at a time; none waits.'),
      })
      .optional()
      .describe(
        'Another HTTP server, told what the worker is told. A command that may run already goes there only if `repeatable`.',
      ),
  })
  .describe('One step: has just one of `stale`, `fixed` and `upstream`.')
