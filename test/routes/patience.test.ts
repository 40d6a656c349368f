import { test } from 'node:test'
import { deepEqual, throws } from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { patienceOf } from '../../src/routes/patience.ts'

type Route = Parameters<typeof patienceOf>[0]
const usual: Route = { timeoutMs: 5_000, deadlineHeader: undefined, async: 'off', onTimeout: 'fail' }

const asked = (route: Partial<Route>, headers: IncomingHttpHeaders) => {
  const exchange = { wait: null as number | null, respondsAsync: false, calls: false }
  const { waitMs, acceptMs } = patienceOf({ ...usual, ...route })(exchange, headers)
  return [waitMs, acceptMs, exchange.wait, exchange.respondsAsync]
}
const offer = { async: 'offer' } as const

const cases: readonly (readonly [string, Partial<Route>, IncomingHttpHeaders, readonly unknown[]])[] = [
  ['nothing asked', {}, {}, [5_000, null, null, false]],
  ['wait', {}, { prefer: 'wait=2' }, [2_000, null, 2, false]],
  ['more than the route waits', {}, { prefer: 'wait=60' }, [5_000, null, null, false]],
  ['respond-async where it is not offered', {}, { prefer: 'respond-async' }, [5_000, null, null, false]],
  ['respond-async', offer, { prefer: 'respond-async' }, [5_000, 0, null, true]],
  ['respond-async, wait', offer, { prefer: 'respond-async, wait=2' }, [2_000, 1_800, 2, true]],
  ['respond-async, a wait too long', offer, { prefer: 'respond-async, wait=60' }, [5_000, 4_800, null, true]],
  ['respond-async, no wait', offer, { prefer: 'respond-async, wait=0' }, [5_000, 0, 0, true]],
  ['wait alone where it is offered', offer, { prefer: 'wait=1' }, [1_000, 900, 1, false]],
  ['nothing asked where it is offered', offer, {}, [5_000, null, null, false]],
  ['always', { async: 'always' }, {}, [5_000, 0, null, false]],
  ['onTimeout: accept', { onTimeout: 'accept' }, {}, [5_000, 4_800, null, false]],
  ['a header of its own', { deadlineHeader: 'x-ms', onTimeout: 'accept' }, { 'x-ms': '500' }, [500, 450, null, false]],
]
for (const [what, route, headers, wanted] of cases)
  test(`how long a client waits: ${what}`, () => deepEqual(asked(route, headers), wanted))

test('a deadline that is no number is refused', () => {
  throws(() => asked({ deadlineHeader: 'x-ms' }, { 'x-ms': 'soon' }), { code: 'invalid-request' })
})
