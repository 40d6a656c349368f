import { deepEqual, equal } from 'node:assert/strict'
import type { Result } from '../../src/lab/result.ts'

/** What holds of every run of the laboratory, whatever its objectives are. */
export function keptItsLedger({ totals, ledger }: Result): void {
  deepEqual(
    ledger.filter(({ holds }) => holds === false),
    [],
  )
  equal(
    Object.values(totals.fates).reduce((a, b) => a + b),
    totals.sent,
    'every sending has an end',
  )
}
