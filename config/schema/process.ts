import { z } from 'zod'
import { count, day, hour, ms, name, text } from './value.ts'

const pointer = text(/^(\/([^~/]|~[01])*){1,32}$/, 'a JSON pointer, such as /customer/id')
const status = count(200, 599)
const what = z.enum(['request', 'process'])

export const When = z.strictObject({
  step: name.optional().describe('The earlier step whose reply is looked at. Default: the one before.'),
  status: z
    .array(status)
    .min(1)
    .max(32)
    .optional()
    .describe('Statuses of its reply for which this holds. Default: any.'),
  of: pointer.optional().describe('What of its reply is compared: a JSON pointer.'),
  equals: z
    .union([z.string().max(1_024), z.number(), z.boolean()])
    .optional()
    .describe('With what, as text.'),
})

/** How a command of a process is sent, and what its reply means. */
const sending = (timeoutMs: number, attempts: number) => ({
  timeoutMs: ms(10, day).default(timeoutMs).describe('How long its worker may be silent before it is sent again.'),
  attempts: count(1, 1_000)
    .default(attempts)
    .describe(
      'How often it is sent at most, always with the same `ce_id`: after silence, and after a reply of 500 or above.',
    ),
  backoffMs: ms(0, hour).default(500).describe('Wait before the second sending; doubled for each further one.'),
  doneOn: z
    .array(status)
    .max(32)
    .default([])
    .describe('Statuses from 400 that count as done, such as 404 of something that is to be deleted.'),
})

export const Undo = z.strictObject({
  to: name.optional().describe('The worker. Default: that of the step, so that it comes behind what it undoes.'),
  body: what
    .default('process')
    .describe(
      '`request`: the body of the request. `process`: a JSON object with `request` and the replies of the `steps`.',
    ),
  ...sending(5_000, 10),
})

export const Step = z.strictObject({
  name: name.describe('Its name, in the state of the operation and in `ce_type`.'),
  to: name.describe('The worker, one of `workers`.'),
  when: When.optional().describe('Whether it is done at all: when all of this holds for the reply of an earlier step.'),
  body: what
    .default('request')
    .describe(
      '`request`: the body of the request. `process`: a JSON object with `request` and the replies of the `steps`.',
    ),
  ...sending(5_000, 3),
  undo: Undo.optional().describe('The command that undoes it. Without it nothing has to be undone.'),
})

export const Process = z
  .strictObject({
    steps: z
      .array(Step)
      .min(1)
      .max(32)
      .describe(
        'Done one after the other. When one is refused (400 to 499), fails or is late for good, those before it are undone in reverse, and what may have been done of itself, too.',
      ),
  })
  .describe('One process.')
