import { z } from 'zod'
import { brokers, count, day, hour, ms, name, text } from '../schema/value.ts'
import { Client } from './clients.ts'
import { Fault } from './faults.ts'
import { Objective } from './objectives.ts'
import { Workers } from './workers.ts'

const httpUrl = text(
  /^http:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/,
  'an address such as http://127.0.0.1:8080',
)
const overlay = z.record(z.string(), z.unknown())

const Target = z.strictObject({
  url: httpUrl.describe('Where clients come in; `--target` must say the same, so that nobody is hit by mistake.'),
  admin: httpUrl.optional().describe('Its admin port: for its metrics, and for the fault policy.'),
  tokenFile: z.string().min(1).optional().describe('File with its admin token: for the fault policy.'),
  maxPerSecond: count(1, 100_000).default(1_000).describe('No load of this scenario may ask for more.'),
  maxForMs: ms(1, day).default(600_000).describe('No load of this scenario may last longer.'),
})

const Phase = z
  .strictObject({ fromMs: ms(0, day).describe('When it begins.'), toMs: ms(1, day).describe('When it ends.') })
  .describe('A stretch of the run that objectives speak of.')

/** A scenario of the laboratory: who asks, who works, what befalls them, and what must hold. */
export const Scenario = z.strictObject({
  title: z.string().min(1).max(200).describe('What happens, in a line.'),
  about: z.string().max(4_000).default('').describe('What it is about, for whoever reads the report.'),
  lookFor: z.string().max(4_000).default('').describe('What to look for in the report.'),
  decides: z
    .array(z.string().min(1).max(200))
    .max(20)
    .default([])
    .describe('The options of the gateway that decide how it ends, by their paths.'),
  seed: count(0, 2_147_483_647).default(1).describe('Of everything random: the same seed, the same requests.'),
  broker: z
    .enum(['embedded', 'kafka'])
    .default('embedded')
    .describe(
      '`embedded`: in memory, in the process of the gateway. `kafka`: a real one, started for the run (in a checkout, with Java and Maven).',
    ),
  brokers: brokers
    .optional()
    .describe('Instead of one that is started: a Kafka that is there. Topics of its own are created.'),
  target: Target.optional().describe(
    'A gateway that is there already, for `--target`: only load, and its fault policy.',
  ),
  gateway: overlay
    .default({})
    .describe(
      'Options of the gateway, as in its configuration file, laid over those of the laboratory. `orders` is the worker, `place-order` the route.',
    ),
  variants: z
    .record(name, overlay)
    .default({})
    .describe(
      'The same with other options of the gateway, by name: `--variant NAME`, or `--variants` for all side by side.',
    ),
  warmMs: ms(0, hour).default(2_000).describe('Load before the beginning, that what compiles while it runs does so.'),
  warmPerSecond: z
    .number()
    .min(1)
    .max(200_000)
    .optional()
    .describe('How much of it. Default: as at the beginning, from 20 to 150 a second.'),
  connections: count(1, 50_000).default(12_000).describe('Most connections of all clients together.'),
  clients: z.record(name, Client).describe('Who asks, by class.'),
  ledger: z
    .boolean()
    .default(true)
    .describe('Whether to keep what became of each request, and to look for it in the topic.'),
  workers: Workers.prefault({}).describe('Who answers.'),
  phases: z.record(name, Phase).default({}).describe('Stretches that objectives speak of, by name.'),
  faults: z.array(Fault).max(100).default([]).describe('What befalls the run, and when.'),
  objectives: z
    .array(Objective)
    .max(50)
    .default([])
    .describe('What must hold: with all of it the exit code is 0, else 1.'),
})

export type Scenario = z.output<typeof Scenario>
export type ClientOptions = z.output<typeof Client>
export type WorkersOptions = z.output<typeof Workers>
export type FaultOptions = z.output<typeof Fault>
export type ObjectiveOptions = z.output<typeof Objective>
