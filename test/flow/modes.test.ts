import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { until } from '../help/until.ts'

type Policy = 'quota' | 'lease' | 'gate' | 'bulkhead' | 'breaker' | 'deadline'

/** Each policy set so that the second of two calls is refused by it, where it is in force. */
const strict: Readonly<Record<Policy, (mode: string) => Part>> = {
  quota: mode => ({ routes: { 'place-order': { quota: { mode, requests: 1, windowMs: 60_000 } } } }),
  lease: mode => ({ workers: { orders: { quota: { mode, requests: 1, windowMs: 60_000 } } } }),
  bulkhead: mode => ({ workers: { orders: { bulkhead: { mode, limit: 'fixed', slots: 1, queue: 0 } } } }),
  breaker: mode => ({
    workers: { orders: { breaker: { mode, consecutive: 1, minCalls: 1, openMs: 60_000 } } },
    policies: { gate: 'off' },
  }),
  gate: mode => ({
    workers: { orders: { breaker: { consecutive: 1, minCalls: 1, openMs: 60_000 } } },
    policies: { gate: mode },
  }),
  deadline: mode => ({
    routes: { 'place-order': { timeoutMs: 30, commandTtlMs: 60_000 } },
    policies: { deadline: mode },
  }),
}

/** Two calls: the first is left to the policy's liking, the second tells. */
async function second(
  t: TestContext,
  policy: Policy,
  mode: string,
): Promise<Readonly<{ told: string; observed: number }>> {
  const { ask, admin, worker } = await aGateway(t, strict[policy](mode))
  const count = async (name: string): Promise<number> => (await admin.metrics()).sum(name, { policy })
  if (policy === 'deadline') {
    const asked = ask('/orders', { body: anOrder })
    const command = await worker.next()
    if (mode === 'enforce')
      return { told: String((await asked).code), observed: await count('sluice_observed_refusals_total') }
    if (mode === 'observe') await until('it is seen', async () => (await count('sluice_observed_refusals_total')) > 0)
    else await new Promise(resolve => setTimeout(resolve, 60)) // twice the deadline that is not there
    await command.reply({ status: 201 })
    return { told: String((await asked).status), observed: await count('sluice_observed_refusals_total') }
  }
  const busy = policy === 'bulkhead' ? ask('/orders', { body: anOrder }) : null
  if (busy === null) worker.always(command => void command.reply({ status: worker.commands.length > 1 ? 201 : 500 }))
  else await worker.next()
  if (busy === null) await ask('/orders', { body: anOrder })
  const asked = ask('/orders', { body: anOrder })
  if (busy !== null && mode !== 'enforce') await (await worker.next()).reply({ status: 201 })
  const { status, code } = await asked
  if (busy !== null) await worker.commands[0]!.reply({ status: 201 })
  await busy
  return { told: code ?? String(status), observed: await count('sluice_observed_refusals_total') }
}

const refusal: Readonly<Record<Policy, string>> = {
  quota: 'rate-limited',
  lease: 'rate-limited',
  gate: 'circuit-open',
  bulkhead: 'bulkhead-full',
  breaker: 'circuit-open',
  deadline: 'reply-timeout',
}

for (const policy of Object.keys(strict) as Policy[])
  suite(policy, () => {
    test('in force it refuses', async t => {
      const { told, observed } = await second(t, policy, 'enforce')
      equal(told, refusal[policy])
      equal(observed, 0)
    })

    test('observing it counts, and lets through', async t => {
      const { told, observed } = await second(t, policy, 'observe')
      // behind a gate that only observes, the circuit itself still refuses
      equal(told, policy === 'gate' ? 'circuit-open' : '201')
      ok(observed > 0, 'it has seen nothing')
    })

    test('off it is not there', async t => {
      const { told, observed } = await second(t, policy, 'off')
      equal(told, policy === 'gate' ? 'circuit-open' : '201')
      equal(observed, 0)
    })
  })
