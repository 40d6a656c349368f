import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { connect } from '../../src/worker/connect.ts'

test('connecting waits for nobody: a cluster that is not there is a state, not a failure', async () => {
  const broker = await connect({ brokers: '127.0.0.1:1' })
  const { promise: down, resolve } = Promise.withResolvers<void>()
  using _ = broker.watch(state => (state === 'down' ? resolve() : undefined))
  if (broker.state !== 'down') await down
  equal(broker.reason.includes('127.0.0.1:1'), true)
  await broker[Symbol.asyncDispose]()
})
