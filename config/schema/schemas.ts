import { z } from 'zod'
import { formats } from '../../src/format.ts'
import { idKind, idPlace } from './registry.ts'
import { Mode, path } from './value.ts'

const file = path().describe(
  'A file with the schema; those that it refers to are looked for from its folder. Just one of `file` and `registry`.',
)
const format = z
  .enum(formats)
  .optional()
  .describe('Of the file. Default by its name: `.avsc` is Avro, `.proto` and `.desc` are Protobuf, else JSON Schema.')
const message = z
  .string()
  .min(1)
  .max(500)
  .optional()
  .describe('Full name of the Protobuf message, or of the Avro type, where the file has several. Default: the first.')

const Source = z.strictObject({
  file: file.optional(),
  registry: z
    .enum(['topic', 'record', 'subject', 'id'])
    .optional()
    .describe(
      'How it is found in `registry`: by the `topic` (`<topic>-value`), by the name of a `record`, as a `subject`, or, of a reply, by the `id` that it carries.',
    ),
  name: z.string().min(1).max(500).optional().describe('Of the record, with its namespace, or of the subject.'),
  version: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional()
    .describe('Version of the subject. Default: the latest, looked for every `registry.subjectTtlMs`.'),
  ids: idKind.optional().describe('Default: as `registry.ids`.'),
  idsIn: idPlace.optional().describe('Default: as `registry.idsIn`.'),
  format,
  message,
  mode: Mode,
})

export const Schemas = z.strictObject({
  request: Source.optional().describe(
    'Of the body of requests. What violates it is 422 `schema-violation`. With Avro or Protobuf the JSON of clients is written in that form.',
  ),
  reply: Source.optional().describe(
    'Of replies with a status from 200 to 299. What violates it is 502 `bad-reply`. Avro and Protobuf are told to clients as JSON.',
  ),
  record: Source.optional().describe(
    'Of the values of the records that a stream tells or a view shows: those in Avro or Protobuf become JSON, before anything looks at them. What violates it is passed over, and counted.',
  ),
  key: Source.optional().describe('Of their keys, where these are not text.'),
  event: Source.optional().describe('As `request`, of the routes that are events.'),
})
