import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { resources } from '../../../src/bridge/operations/index.ts'
import { newId } from '../../../src/bridge/operations/event.ts'
import { anAccepted, anInstance, logBroker } from '../../help/operations.ts'

const options = { path: '/operations', retryAfterMs: 1_000, cancelled: async () => null }

test('a client finds its own operation, and nobody else does', async t => {
  const { operations } = await anInstance(t, await logBroker(t))
  const { find, list } = resources(operations, options)
  const id = newId()
  await operations.accept(id, anAccepted())
  equal((await find('::1', id))?.state.id, id)
  equal(await find('::2', id), null)
  equal(await find('::1', 'x'), null)
  deepEqual(
    list('::1', 9, null).map(state => state.id),
    [id],
  )
})

test('what another instance has accepted a moment ago is waited for', async t => {
  const { operations } = await anInstance(t, await logBroker(t))
  const { find } = resources(operations, options)
  const id = newId()
  const found = find('::1', id)
  await operations.accept(id, anAccepted())
  equal((await found)?.state.id, id)
})

test('what happened is told in order: how far it is while it is pending, and its end as the last', async t => {
  const { operations } = await anInstance(t, await logBroker(t))
  const { find, until } = resources(operations, options)
  const id = newId()
  const { signal } = new AbortController()
  await operations.accept(id, anAccepted())
  await operations.happen(id, { kind: 'progress', percent: 50, note: 'half', at: 0 })
  const half = (await until(id, ({ state }) => state.percent === 50, 2_000, signal))!
  deepEqual(
    half.told.map(({ kind, last }) => [kind, last]),
    [
      ['accepted', false],
      ['progress', false],
    ],
  )
  equal(half.version, half.told.at(-1)?.id)
  await operations.happen(id, { kind: 'cancelled', at: 0 })
  const seen = (await until(id, now => now.state.state !== 'pending', 2_000, signal))!
  deepEqual(
    seen.told.map(({ kind, last }) => [kind, last]),
    [
      ['accepted', false],
      ['cancelled', true],
    ],
  )
  deepEqual([seen.version, seen.version > half.version], [seen.told.at(-1)?.id, true])
  equal((await find('::1', id))?.state.percent, undefined)
})
