import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { accounts, serveAccounts } from '../../examples/account/accounts.ts'
import type { Account } from '../../examples/account/accounts.ts'
import { project } from '../../src/worker/projection/index.ts'
import type { Projection } from '../../src/worker/projection/index.ts'
import { serve } from '../../src/worker/serve.ts'
import { openExample } from '../help/example.ts'
import { until } from '../help/until.ts'

test('accounts are what their events add up to, with two workers, and a client reads what it wrote', async t => {
  const { ask, broker } = await openExample(t, 'account')
  const opened: Projection<Account>[] = []
  for (let n = 0; n < 2; n++) {
    const projection = await project<Account>('accounts.events', { broker, ...accounts })
    t.after(() => projection.close())
    const options = { broker, topic: 'accounts.commands', group: 'accounts', ...(n === 1 && { from: 'end' as const }) }
    const worker = await serve(options, serveAccounts(projection))
    t.after(() => worker.close())
    opened.push(projection)
  }
  const book = (account: string, what: string, amount: unknown) =>
    ask(`/accounts/${account}/${what}`, { body: { amount } })

  await until('the gateway sees the group', async () => (await ask('/accounts/a-1')).status === 404)
  deepEqual((await book('a-1', 'deposits', 10)).json, { account: 'a-1', balance: 10, bookings: 1 })
  equal((await book('a-1', 'withdrawals', 7)).json['balance'], 3)
  const refused = await book('a-1', 'withdrawals', 7)
  deepEqual([refused.status, refused.json['detail']], [409, 'The balance is 3.'])
  equal((await book('a-1', 'deposits', -1)).status, 422)

  // each account is read right after it was written, by whichever worker has it
  const names = Array.from({ length: 20 }, (_, n) => `b-${n}`)
  const read = await Promise.all(
    names.map(async (name, n) => {
      const { headers } = await book(name, 'deposits', n + 1)
      const position = String(headers['sluice-position'])
      return (await ask(`/accounts/${name}`, { headers: { 'sluice-position': position } })).json['balance']
    }),
  )
  deepEqual(
    read,
    names.map((_, n) => n + 1),
  )
  const bad = await ask('/accounts/a-1', { headers: { 'sluice-position': 'nonsense' } })
  equal(bad.status, 400)

  const rush = await Promise.all(Array.from({ length: 20 }, () => book('a-1', 'withdrawals', 1)))
  deepEqual(rush.filter(({ status }) => status === 201).length, 3)
  deepEqual(opened[0]?.get('a-1') ?? opened[1]?.get('a-1'), { balance: 0, bookings: 5 })
})
