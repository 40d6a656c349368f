import { z } from 'zod'
import { count, text } from './value.ts'

export const Instance = z.strictObject({
  id: text(/^[A-Za-z0-9._-]{1,128}$/, 'letters, digits, dots, _ and -, at most 128')
    .overwrite(id => id.replaceAll('.', '-')) // host names have dots, while correlation ids are parted by them
    .default('sluice')
    .describe('Name of this instance, dots read as hyphens; the admin port is appended to it.'),
  ordinal: count(0, 100_000)
    .optional()
    .describe('Number of this instance among all, from 0: its reply partition. Default: a hash of the id.'),
})
