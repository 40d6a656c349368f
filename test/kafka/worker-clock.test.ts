import { test } from 'node:test'
import { equal, match, ok } from 'node:assert/strict'
import { startChild } from '../help/child.ts'
import { anOrder } from '../help/gateway.ts'
import { useKafka } from '../help/kafka.ts'
import { gatewayOnKafka } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()

test(
  'a worker in a process whose clock is 5 s ahead serves commands that live for 2 s, and its clock is named',
  { skip: kafka.skip },
  async t => {
    const { ask, admin, topics } = await gatewayOnKafka(t, kafka.brokers)
    const command = [process.execPath, 'test/help/aheadworker.ts', kafka.brokers, topics.commands, '5000']
    const worker = await startChild({ command, ready: /^serving/ })
    t.after(() => worker[Symbol.asyncDispose]())
    const refused: string[] = []
    await until('it serves', async () => {
      const { status, text } = await ask('/orders', { body: anOrder })
      if (status !== 201) refused.push(text)
      return status === 201
    })
    ok(refused.length <= 5, refused.join('\n'))
    for (let i = 0; i < 20; i++) equal((await ask('/orders', { body: anOrder })).status, 201)
    const { json } = await admin.ask('/readyz?verbose')
    match(JSON.stringify(json), /The clock of the worker orders is at least \d\.\d s ahead of ours/)
    equal((await admin.metrics()).sum('sluice_circuit_state', { circuit: 'orders', state: 'closed' }), 1)
  },
)
