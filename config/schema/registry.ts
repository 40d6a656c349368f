import { z } from 'zod'
import { hour, meta, ms, path, text } from './value.ts'

export const idKind = z.enum(['content', 'global'])
export const idPlace = z.enum(['payload', 'headers'])

export const Registry = z.strictObject({
  url: text(/^https?:\/\/[^\s#?]{1,2000}$/, 'a URL that begins with https:// or http://').describe(
    'Where its API is, such as `http://127.0.0.1:8080/apis/registry/v3` of Apicurio.',
  ),
  kind: z
    .enum(['apicurio', 'confluent'])
    .default('apicurio')
    .describe(
      'Whose API it has, and in whose form ids travel: Apicurio Registry 3 by its own, or any that is compatible with Confluent’s.',
    ),
  group: z.string().min(1).max(512).default('default').describe('Of Apicurio, the group of the artifacts.'),
  ids: idKind.default('content').describe('Of Apicurio, which of its ids records carry: both ends must have the same.'),
  idsIn: idPlace.default('payload').describe('Where records carry them: in front of the value, or in headers.'),
  username: z.string().min(1).max(512).optional().describe('User of basic authentication.'),
  password: z
    .string()
    .min(1)
    .max(4_096)
    .meta(meta({ secret: true }))
    .optional()
    .describe('Better: `passwordFile`.'),
  passwordFile: path().optional().describe('File that holds the password; a line break at its end is dropped.'),
  token: z
    .string()
    .min(1)
    .max(16_384)
    .meta(meta({ secret: true }))
    .optional()
    .describe('Bearer token. Better: `tokenFile`.'),
  tokenFile: path().optional().describe('File that holds the token.'),
  timeoutMs: ms(10, 60_000).default(2_000).describe('Longest that an answer is waited for.'),
  subjectTtlMs: ms(100, 24 * hour)
    .default(60_000)
    .describe('How long the latest version of a subject is taken for the latest. Schemas by id are kept for good.'),
  retryMs: ms(100, hour)
    .default(30_000)
    .describe('What is not there, or could not be had, is asked for again after this time.'),
})
