import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { Problem } from '../../src/problem.ts'
import type { Exchange } from '../../src/routes/exchange.ts'
import { resource } from '../../src/routes/resource.ts'

test('what a resource throws is the answer, as a problem', async () => {
  const refused = Promise.withResolvers<Problem>()
  const exchange = { refuse: refused.resolve } as unknown as Exchange
  const serve = async (): Promise<void> => {
    throw new Problem('unknown-operation', 'x')
  }
  resource({ method: 'GET', path: '/operations', serve })(exchange, {})
  equal((await refused.promise).code, 'unknown-operation')
})
