import { z } from 'zod'
import { count, day, ms, percent, text } from './value.ts'

export const Strangler = z.strictObject({
  percent: percent().default(0).describe('Share of the clients whose calls go to the topic; each stays on its side.'),
  mirror: z
    .strictObject({
      percent: percent().default(100).describe('Share of the calls that are copied to the other side.'),
      methods: z
        .array(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']))
        .default(['GET', 'HEAD'])
        .describe('Methods that are copied: any other has its effect twice.'),
      ignore: z
        .array(
          text(
            /^(header\.[a-z0-9!#$%&'*+.^_`|~-]{1,128}|(\/([^~/]|~[01])*){1,32})$/,
            'one of header.<name>, or a JSON pointer such as /items/*/id',
          ),
        )
        .max(64)
        .default([])
        .describe('What is not compared: `header.<name>`, or a JSON pointer, in which `*` is any name or index.'),
      concurrency: count(1, 10_000).default(16).describe('Copies under way at once; beyond it none is made.'),
    })
    .optional()
    .describe('Copies of calls go to the other side too. Their answers are compared, and never sent.'),
  plan: z
    .strictObject({
      steps: z
        .array(percent())
        .min(1)
        .max(32)
        .default([1, 10, 50, 100])
        .describe('Shares of the topic, one after the other.'),
      everyMs: ms(1_000, day).default(600_000).describe('How long each step must hold.'),
      minCalls: count(1, 1_000_000).default(100).describe('Calls to the topic without which a step is not judged.'),
      failurePercent: percent().default(1).describe('Objective: no more of them fail (5xx, or no answer).'),
      slowMs: ms(1, day).optional().describe('Objective: their mean is no longer.'),
      differencePercent: percent().optional().describe('Objective: no more of the mirrored answers differ.'),
      start: z.boolean().default(false).describe('Whether it begins by itself; else an operator starts it.'),
    })
    .optional()
    .describe('Raises the share step by step, and goes back a step and stays there when an objective fails.'),
})
