import { z } from 'zod'
import { ms, count, percent, hour, Mode } from './value.ts'

export const breaker = (minCalls: number, openMs: number, openMaxMs: number) =>
  z.strictObject({
    mode: Mode,
    windowMs: ms(100, hour)
      .optional()
      .describe('Length of the sliding window. Default: twice the longest timeout, at least 10,000.'),
    minCalls: count(1, 1_000_000)
      .default(minCalls)
      .describe('Verdicts in the window before the share of failures counts.'),
    failurePercent: percent().default(50).describe('Share of failures that opens the circuit.'),
    consecutive: count(1, 10_000)
      .default(5)
      .describe(
        'Calls in a row without an answer, of more than one client or key, that open it, however few the calls.',
      ),
    openMs: ms(10, hour)
      .default(openMs)
      .describe('How long it stays open before probes are let through, ± 20 %; doubled with each failure of them.'),
    openMaxMs: ms(10, hour)
      .default(openMaxMs)
      .describe(
        'Longest that doubling makes it; never less than `openMs`. Back to `openMs` after a window without trouble.',
      ),
    probes: count(1, 100)
      .default(1)
      .describe('Calls let through to decide whether it closes, by the same shares; the rest is refused at once.'),
  })
