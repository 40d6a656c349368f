import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { functions } from '../../examples/webhook/functions.ts'
import { openExample } from '../help/example.ts'
import { until } from '../help/until.ts'

const key = `whsec_${Buffer.from('another key of 24 bytes or more').toString('base64')}`

test('large orders go to a function, and all of them to a log', async t => {
  const large: string[] = []
  const logged: string[] = []
  const server = functions(key, {
    large: ({ orderId }) => large.push(orderId),
    log: ids => logged.push(...ids),
  }).listen(9_999, '127.0.0.1')
  t.after(() => server.close())
  const { ask, gateway } = await openExample(t, 'webhook', { WEBHOOK_KEY: key })
  const states = async (): Promise<string> => await (await fetch(`${gateway.adminUrl}/push`)).text()
  await until('both run', async () => (await states()).split('"running"').length === 3)
  for (const [orderId, size] of [
    ['o-1', 'large'],
    ['o-2', 'small'],
    ['o-3', 'large'],
  ])
    equal((await ask('/orders', { body: { orderId, size } })).status, 202)
  await until('all are there', () => large.length === 2 && logged.length === 3)
  deepEqual([large.sort(), new Set(logged).size], [['o-1', 'o-3'], 3])
})
