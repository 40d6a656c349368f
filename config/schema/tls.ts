import { z } from 'zod'
import { count, day, hour, ms, path } from './value.ts'

export const ServerTls = z.strictObject({
  certFile: path().describe('PEM file with our certificate and those between it and its authority.'),
  keyFile: path().describe('PEM file with its private key.'),
  clientCaFile: path()
    .optional()
    .describe(
      'PEM file with the authorities whose client certificates are taken, for `identity.providers.*.certificate`. Without it no client is asked for one.',
    ),
  crlFile: path().optional().describe('PEM file with the certificates of clients that are revoked.'),
  clientCertificate: z
    .enum(['optional', 'required'])
    .default('optional')
    .describe('Whether a client without a certificate of `clientCaFile` may connect at all.'),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('Oldest version that is spoken.'),
  reloadMs: ms(100, hour)
    .default(10_000)
    .describe('How often the files are looked at; new connections get what has changed.'),
  hstsMs: ms(0, 730 * day)
    .default(0)
    .describe('How long browsers may come by TLS only: `Strict-Transport-Security`. 0: it is not said.'),
})

export const Http2 = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether HTTP/2 is offered beside HTTP/1.1, on the same port.'),
  streams: count(1, 10_000).default(256).describe('Requests of a connection that are open at once.'),
  resets: count(1, 100_000)
    .default(200)
    .describe('Requests of a connection that its client may give up within a second; then the connection is ended.'),
})
