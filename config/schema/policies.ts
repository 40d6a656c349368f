import { z } from 'zod'
import { Mode } from './value.ts'

export const Policies = z.strictObject({
  drain: Mode,
  deadline: Mode,
  gate: Mode,
  fallback: Mode,
  stateFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File that keeps the states of all circuits over a restart, what operators forced included; one for each instance. Off unless given.',
    ),
})
