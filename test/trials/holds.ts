import type { TestContext } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { failing, table } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'

/** Fails with the table. What only a clock measured may fail once: the machine may have been busy elsewhere. */
export async function holds(t: TestContext, play: () => Promise<readonly Figure[]>, again = true): Promise<void> {
  const figures = await play()
  const wrong = failing(figures)
  if (again && wrong.length > 0 && wrong.every(({ timed }) => timed === true)) return await holds(t, play, false)
  const told = table(t.name, figures)
  t.diagnostic(told)
  deepEqual(
    wrong.map(({ name }) => name),
    [],
    told,
  )
}
