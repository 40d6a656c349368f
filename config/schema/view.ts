import { z } from 'zod'
import { capture } from './capture.ts'
import { bytes, contentType, count, mebi, text, topicName } from './value.ts'

const pointer = text(/^(\/([^~/]|~[01])*){1,32}$/, 'a JSON pointer, such as /customer/id')

export const View = z.strictObject({
  topic: topicName.describe(
    'The compacted topic: the latest record of a key is what is shown, and a null value takes the key away.',
  ),
  key: text(/^path\.[A-Za-z]\w{0,63}$/, 'path.<parameter>')
    .optional()
    .describe('Whose value is asked for: `path.<parameter>`. Without it the route lists what there is.'),
  ...capture,
  as: z
    .enum(['value', 'cloudevents'])
    .default('value')
    .describe(
      'With `key`. `value`: the value alone. `cloudevents`: a CloudEvent in binary mode, its attributes in headers `ce-…`.',
    ),
  index: z
    .record(text(/^[A-Za-z]\w{0,63}$/, 'the name of a query parameter'), pointer.describe('Where the field is.'))
    .default({})
    .describe(
      'Fields of JSON values by which a list can be asked for: the name of the query parameter, and a JSON pointer.',
    ),
  allowUncompacted: z
    .boolean()
    .default(false)
    .describe(
      'Whether the topic may have another cleanup policy: then what retention deletes is missing after a restart.',
    ),
  contentType: contentType.default('application/json').describe('Of values whose record does not say.'),
  memoryBytes: bytes(mebi, 65_536 * mebi)
    .default(256 * mebi)
    .describe('Most that is kept in memory. Beyond it all goes to `file`, and without one the view is refused.'),
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Database of SQLite for what memory does not hold; after a restart it is gone on with. One for each instance.',
    ),
  fileBytes: bytes(mebi, 1_048_576 * mebi)
    .default(10_240 * mebi)
    .describe('Largest size of `file`.'),
  pageSize: count(1, 10_000).default(100).describe('Entries of a page when the client does not say.'),
  maxPageSize: count(1, 10_000).default(1_000).describe('Most entries that a client may ask for.'),
  partitions: count(1, 10_000).default(12).describe('Partitions of the topic, when the gateway creates it: compacted.'),
})
