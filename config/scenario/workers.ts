import { z } from 'zod'
import { count, hour, ms, percent } from '../schema/value.ts'

const key = z.string().min(1).max(256)

const PerKey = z
  .strictObject({
    serviceMs: ms(0, hour).optional().describe('How long a command takes.'),
    errorPercent: percent().optional().describe('Share of the commands that is answered 500.'),
    silent: z.boolean().default(false).describe('Whether its commands are never answered.'),
  })
  .describe('How commands of one key are served.')

const behaviour = {
  concurrency: count(1, 10_000).describe('Commands at once, of each worker.'),
  serviceMs: ms(0, hour).describe('How long a command takes, on average.'),
  spread: z
    .enum(['fixed', 'uniform', 'exponential', 'lognormal'])
    .describe(
      'How the time of a command is distributed around `serviceMs`: `uniform` from 0 to twice, `lognormal` with σ = 1.',
    ),
  errorPercent: percent().describe('Share of the commands that is answered 500.'),
  silentPercent: percent().describe('Share of the commands that is never answered.'),
  silentPartitions: z
    .array(count(0, 11))
    .max(12)
    .describe('Partitions (of 12) of which nothing is done and nothing answered.'),
  keys: z.record(key, PerKey).describe('What is different for some keys; `hot` is the one of `hotPercent`.'),
}

const { concurrency, serviceMs, spread, errorPercent, silentPercent, silentPartitions, keys } = behaviour

/** A change of how workers work. */
export const Change = z.strictObject({
  concurrency: concurrency.optional(),
  serviceMs: serviceMs.optional(),
  spread: spread.optional(),
  errorPercent: errorPercent.optional(),
  silentPercent: silentPercent.optional(),
  silentPartitions: silentPartitions.optional(),
  keys: keys.optional(),
})

export const Workers = z.strictObject({
  members: count(1, 16).default(2).describe('Workers in the group.'),
  concurrency: concurrency.default(10),
  serviceMs: serviceMs.default(20),
  spread: spread.default('fixed'),
  errorPercent: errorPercent.default(0),
  silentPercent: silentPercent.default(0),
  silentPartitions: silentPartitions.default([]),
  keys: keys.default({}),
  slowStart: z
    .strictObject({
      forMs: ms(1, hour).describe('How long a new worker is slow.'),
      factor: z.number().min(1).max(1_000).describe('How many times as long a command takes at first.'),
    })
    .optional()
    .describe('A worker that has just come is slow, and gets quicker evenly.'),
  obeysExpiry: z.boolean().default(true).describe('Whether workers drop what has expired; many in the wild do not.'),
  sessionMs: ms(100, 600_000)
    .default(10_000)
    .describe('When the group learns of a killed worker; on the embedded broker. Kafka says it itself.'),
})
