import { test } from 'node:test'
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { Circuit } from '../../../src/resilience/circuit/circuit.ts'
import type { Verdict } from '../../../src/resilience/circuit/circuit.ts'
import { sharedTimers } from '../../../src/resilience/circuit/sharedtimer.ts'
import { perTenant, TenantCircuits } from '../../../src/resilience/circuit/tenancy.ts'
import type { Call } from '../../../src/call.ts'
import { chance } from '../../help/chance.ts'
import { frozenClock } from '../../help/clock.ts'

const options = {
  name: 'orders',
  mode: 'enforce',
  windowMs: 10_000,
  minCalls: 20,
  failurePercent: 50,
  consecutive: 5,
  openMs: 5_000,
  openMaxMs: 5_000,
  probes: 1,
  longestWaitMs: 30_000,
} as const

let keys = 0
function call(circuit: Circuit, tenant: string, verdict: Verdict): void {
  const pass = circuit.admit()
  if (pass === null) return
  const source = { client: `${tenant}/alice`, key: Buffer.from(`key-${keys++}`), tenant: { name: tenant } }
  circuit.judge(pass, verdict, 'reply-timeout', source)
}
const calls = (circuit: Circuit, tenants: readonly string[], count: number, verdict: Verdict): void => {
  for (let i = 0; i < count; i++) for (const tenant of tenants) call(circuit, tenant, verdict)
}

test('silences in a row of one tenant do not open what all share, and those of two do', t => {
  frozenClock(t)
  using circuit = new Circuit({ ...options, shared: true })
  calls(circuit, ['acme'], 100, 'failure')
  equal(circuit.state, 'closed')
  call(circuit, 'globex', 'success')
  calls(circuit, ['acme', 'globex'], 3, 'failure')
  equal(circuit.state, 'open')
})

test('errors and slow replies of one tenant do not open it, though another has one now and then', t => {
  frozenClock(t)
  for (const verdict of ['error', 'slow'] as const) {
    using circuit = new Circuit({ ...options, shared: true, slowMs: 100, slowPercent: 50 })
    for (let i = 0; i < 30; i++) {
      calls(circuit, ['acme'], 10, verdict)
      calls(circuit, ['globex', 'initech'], 2, 'success')
      call(circuit, 'globex', verdict)
    }
    equal(circuit.state, 'closed', verdict)
    calls(circuit, ['globex', 'initech'], 90, verdict)
    equal(circuit.state, 'open', verdict)
  }
})

test('probes of one tenant that fail do not keep it open for another', async t => {
  chance(t)
  const clock = frozenClock(t)
  using circuit = new Circuit({ ...options, shared: true })
  const opened = async (): Promise<void> => {
    calls(circuit, ['acme', 'globex'], 5, 'failure')
    equal(circuit.state, 'open')
    await clock.advance(5_000)
    equal(circuit.state, 'half-open')
  }
  await opened()
  calls(circuit, ['acme'], 3, 'failure')
  equal(circuit.state, 'half-open')
  call(circuit, 'globex', 'success')
  equal(circuit.state, 'closed')
  await opened()
  calls(circuit, ['acme', 'globex'], 1, 'failure')
  equal(circuit.state, 'open')
})

test('each tenant has a circuit, and those that have called least recently are forgotten', t => {
  frozenClock(t)
  const before = sharedTimers()
  const circuits = new TenantCircuits(options, 2)
  const [acme, globex] = [circuits.of('acme'), circuits.of('globex')]
  equal(circuits.of('acme'), acme)
  deepEqual([acme.name, globex.name], ['orders/acme', 'orders/globex'])
  circuits.of('initech')
  equal(circuits.of('acme'), acme)
  notEqual(circuits.of('globex'), globex)
  calls(circuits.of('acme'), ['acme'], 5, 'failure')
  equal(circuits.of('acme').state, 'open')
  circuits.each(circuit => circuit.halfOpenNow('the group of the worker has changed'))
  equal(circuits.of('acme').state, 'half-open')
  circuits[Symbol.dispose]()
  equal(sharedTimers(), before)
})

test('a call is wrapped by the circuit of its tenant, unless it has none or an operator holds that of the worker', async t => {
  frozenClock(t)
  using worker = new Circuit(options)
  using circuits = new TenantCircuits(options)
  const wrapped: string[] = []
  const service = perTenant<string>(circuits, worker, ({ name }) => {
    wrapped.push(name)
    return next => async call => `${name}: ${await next(call)}`
  })(async () => 'served')
  const of = (name: string): Call => ({ tenant: { name, prefix: '' } }) as Call
  equal(await service(of('acme')), 'orders/acme: served')
  equal(await service(of('acme')), 'orders/acme: served')
  deepEqual(wrapped, ['orders/acme'])
  equal(await service({} as Call), 'served')
  worker.force('closed')
  equal(await service(of('acme')), 'served')
})
