import { z } from 'zod'
import { ms, count, bytes, percent, hour, name } from './value.ts'

export const FaultRule = z
  .strictObject({
    route: name.optional().describe('Only calls of this route. Default: of all.'),
    worker: name.optional().describe('Only calls to this worker. Default: to all, and events.'),
    kind: z
      .enum([
        'delay',
        'abort',
        'lost-reply',
        'duplicate-reply',
        'garbled-reply',
        'refused-publish',
        'slow-publish',
        'throttle',
      ])
      .describe(
        'What goes wrong: the reply comes late, instead of it a status is answered and nothing is sent, it is lost, comes twice, is no HTTP answer; publishing is refused, or acknowledged late; the response is written slowly.',
      ),
    percent: percent().describe('How often: of the calls, or of the replies or attempts to publish that it is about.'),
    delayMs: ms(1, hour).optional().describe('How late, for `delay` and `slow-publish`.'),
    status: count(400, 599).optional().describe('What is answered, for `abort`.'),
    bytesPerSecond: bytes(1, 1_000_000_000).optional().describe('How fast the body is written, for `throttle`.'),
    forMs: ms(1, 24 * hour)
      .default(60_000)
      .describe('After this time, from the start of the process, the rule ends by itself.'),
  })
  .describe('One fault, and how often it strikes.')

export const Faults = z.strictObject({
  mode: z
    .enum(['enforce', 'observe', 'off'])
    .default('off')
    .describe(
      '`enforce` injects, `observe` decides and counts whom a fault would strike but injects none, `off`: nothing can be injected, and nothing is there at all.',
    ),
  rules: z.record(name, FaultRule).default({}).describe('What goes wrong from the start, by name.'),
  headers: z
    .boolean()
    .default(false)
    .describe('Whether requests that bring `admin.token` in `x-fault-token` may ask for faults of their own.'),
  maxPercent: percent().default(100).describe('Most that any rule or request may ask for.'),
  maxActive: count(1, 100_000).default(100).describe('Calls that suffer from a fault at once; beyond it none strikes.'),
  maxForMs: ms(1_000, 24 * hour)
    .default(600_000)
    .describe('Longest that a rule may hold, and a throttled response may take.'),
})
