import { parseScenario } from '../../../config/scenario/load.ts'
import type { Scenario } from '../../../config/scenario/schema.ts'

/** Clients of both models. */
export const twoKinds = (): Scenario => {
  const { scenario } = parseScenario(
    `title: Two kinds
clients:
  shop-pers: { load: [{ forMs: 2000, perSecond: 50, to: 100 }, { forMs: 1000, perSecond: 100 }], patienceMs: 2000, hotPercent: 20 }
  users: { closed: { users: 3, thinkMs: 100, forMs: 3000 }, keys: 5, request: { headers: { x-a: "{{pick a b}}" }, body: '{"n":{{int 1 5}},"t":"\`\${b}"}' } }`,
    's.yaml',
    { env: {} },
  )
  if (scenario === null) throw new Error('The scenario of this test does not hold.')
  return scenario
}
