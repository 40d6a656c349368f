import { z } from 'zod'
import { Http2, ServerTls } from './tls.ts'
import { hour, ms, count, bytes, port, mebi, headerName, headerText, answerHeader, range } from './value.ts'

export const Server = z.strictObject({
  host: z.string().default('0.0.0.0').describe('Address to listen on; 127.0.0.1 for a sidecar.'),
  port: port().default(8080).describe('TCP port; 0 takes a free one.'),
  socket: z.string().optional().describe('Path of a Unix socket to listen on instead.'),
  trustedProxies: z
    .array(range)
    .max(1_000)
    .default([])
    .describe('Addresses or CIDR ranges whose `Forwarded` or `X-Forwarded-For` names the client.'),
  priorityHeader: headerName
    .optional()
    .describe(
      'Header in which a trusted proxy says `critical`, `normal` or `sheddable` in place of the priority of the route. The proxy must drop the one of its client.',
    ),
  tls: ServerTls.optional().describe('TLS, and HTTP/2 with it. Without it the port speaks plain HTTP/1.1.'),
  http2: Http2.prefault({}).describe('HTTP/2, where there is `tls`.'),
  headers: z
    .record(answerHeader, headerText.describe('Its value.'))
    .default({})
    .describe('Headers of every answer, such as `referrer-policy: no-referrer`; they go before those of workers.'),
  limits: z
    .strictObject({
      connections: count(1, 1_000_000).default(10_000).describe('Open connections; the next is closed at once.'),
      headerBytes: bytes(1_024, mebi).default(16_384).describe('All headers of a request together: else 431.'),
      headers: count(1, 2_000).default(100).describe('Number of headers: else 431.'),
      urlBytes: bytes(64, 65_536).default(8_192).describe('The URL: else 414.'),
      headersTimeoutMs: ms(100, 600_000).default(5_000).describe('Longest until the headers have arrived.'),
      bodyTimeoutMs: ms(100, 600_000).default(10_000).describe('Longest until the body has arrived: else 408.'),
      keepAliveMs: ms(0, hour)
        .default(65_000)
        .describe(
          'How long an idle connection stays open, one without a request so far included. Longer than the load balancer in front keeps it.',
        ),
    })
    .prefault({})
    .describe('What is refused before it costs anything.'),
})
