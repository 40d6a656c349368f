import { z } from 'zod'
import { ms, bytes, percent, mebi, Mode } from './value.ts'

export const Overload = z.strictObject({
  mode: Mode,
  sheddableDelayMs: ms(1, 60_000)
    .default(100)
    .describe(
      'How late the event loop may be (p99), or a request that waits for its turn, until every `sheddable` call is refused; a growing share of them is from half of it on.',
    ),
  normalDelayMs: ms(1, 60_000)
    .default(250)
    .describe(
      'How late until only `critical` calls and `health` pass; a growing share of the `normal` ones is refused from four fifths of it on, but not before `sheddableDelayMs`.',
    ),
  heapPercent: percent(0.1)
    .default(85)
    .describe('Heap in use, of its limit, until only `critical` calls and `health` pass; a share from 10 less on.'),
  connectionsPercent: percent(0.1)
    .default(90)
    .describe('Open connections, of `server.limits.connections`, until the same; a refusal then closes its own.'),
  bytes: bytes(mebi, 65_536 * mebi)
    .default(256 * mebi)
    .describe(
      'Request bodies in memory together; the last fifth is not for `sheddable` calls, the last tenth not for `normal` ones.',
    ),
})
