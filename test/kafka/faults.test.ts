import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { failing, table } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { frozen } from '../faults/frozen.ts'
import { killed } from '../faults/killed.ts'
import { useOwnKafka } from '../help/kafka.ts'

// the short form of `npm run faults`, which also has three brokers, and longer outages

// longer afterwards than the circuit of the cluster can stay open, which is 4 s ± 20 %: nothing but a call can close it
const usual = { perSecond: 300, warmMs: 6_000, afterMs: 8_000 }

/** Fails with the table. What only a clock measured may fail once: the machine may have been busy elsewhere. */
async function holds(t: TestContext, play: () => Promise<readonly Figure[]>): Promise<void> {
  let figures = await play()
  if (failing(figures).length > 0 && failing(figures).every(({ timed }) => timed === true)) {
    t.diagnostic(`once more, as this failed: ${table('', failing(figures))}`)
    figures = await play()
  }
  deepEqual(
    failing(figures).map(({ name }) => name),
    [],
    table(t.name, figures),
  )
}

suite('the only broker, under load', () => {
  const kafka = useOwnKafka()
  const options = { skip: kafka.skip, timeout: 240_000 }

  test('is killed, and comes back after 5 s: the three records agree, and everything heals', options, t =>
    holds(t, () => killed(kafka.cluster, { ...usual, downMs: 5_000 })),
  )

  test('stands still for 10 s: the three records agree, and everything heals', options, t =>
    holds(t, () => frozen(kafka.cluster, { ...usual, downMs: 10_000 })),
  )
})
