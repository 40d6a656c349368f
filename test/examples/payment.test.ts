import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { bookings } from '../../examples/payment/payments.ts'
import { serve } from '../../src/worker/serve.ts'
import { openExample } from '../help/example.ts'

test('however often a payment is sent, it is booked once', async t => {
  const { ask, broker } = await openExample(t, 'payment')
  const { pay, balances } = bookings()
  const serving = await serve({ broker, topic: 'payments.commands', group: 'payments' }, pay)
  t.after(() => serving.close())
  const send = (amount: number, key?: string) =>
    ask('/payments', {
      body: { account: 'a-1', amount },
      headers: key === undefined ? {} : { 'idempotency-key': `"${key}"` },
    })

  const together = await Promise.all(Array.from({ length: 10 }, () => send(5, 'one')))
  deepEqual(new Set(together.map(({ status, text }) => `${status} ${text}`)).size, 1)
  deepEqual(together[0]?.json, { payment: 1, account: 'a-1', amount: 5 })
  equal((await send(5, 'one')).headers['idempotency-replayed'], 'true')
  equal((await send(6, 'one')).code, 'key-reused')
  equal((await send(5)).code, 'key-missing')
  equal((await send(7, 'two')).json['payment'], 2)
  deepEqual([...balances], [['a-1', 12]])
})

test('a command that comes twice to the worker is booked once', async () => {
  const { pay, balances } = bookings()
  const command = { id: 'c-1', json: () => ({ account: 'a', amount: 1 }) } as never
  const context = { signal: new AbortController().signal, expires: null, progress: () => {} }
  deepEqual(await pay(command, context), await pay(command, context))
  deepEqual([...balances], [['a', 1]])
})
