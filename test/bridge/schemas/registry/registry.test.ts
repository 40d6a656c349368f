import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Unusable } from '../../../../src/bridge/schemas/registry/client.ts'
import type { Client, Described } from '../../../../src/bridge/schemas/registry/client.ts'
import { Registry, Subject } from '../../../../src/bridge/schemas/registry/registry.ts'
import { frozenClock } from '../../../help/clock.ts'
import { heard } from '../../../resilience/heard.ts'

const options = { retryMs: 30_000, subjectTtlMs: 60_000 }
const schema = (text = '"string"', id = '7'): Described => ({
  ids: [{ kind: 'schema', value: id }],
  format: 'avro',
  text,
  references: new Map(),
})
const id = { kind: 'schema', value: '7' } as const
/** A registry that answers as it is told, and what it was asked. */
function scripted(answer: () => Described | Promise<Described>) {
  const asked: string[] = []
  let next = answer
  const client: Client = {
    byId: async ({ value }) => (asked.push(`id ${value}`), await next()),
    subject: async (name, version) => (asked.push(`subject ${name} ${version ?? 'latest'}`), await next()),
  }
  return { asked, registry: new Registry(client, options), becomes: (other: typeof answer) => void (next = other) }
}
const fails = (): never => {
  throw new Error('it is down')
}

test('a schema is asked for once, however many want it, and kept for good', async t => {
  const clock = frozenClock(t)
  const { asked, registry, becomes } = scripted(() => schema())
  const [first, second] = await Promise.all([registry.byId(id), registry.byId(id)])
  equal(first, second)
  becomes(fails)
  await clock.advance(100_000_000)
  equal(await registry.byId(id), first)
  equal(registry.known(id), first)
  deepEqual(asked, ['id 7'])
})

test('what is not there, or cannot be had, is asked for once in thirty seconds', async t => {
  const clock = frozenClock(t)
  const warnings = heard(t, 'warning')
  const { asked, registry, becomes } = scripted(fails)
  await rejects(registry.byId(id), {
    code: 'schema-unavailable',
    message: 'The schema of the schema id 7 cannot be had: the registry does not answer.',
    retryAfterMs: 30_000,
  })
  await clock.advance(10_000)
  for (let i = 0; i < 1_000; i++) await rejects(registry.byId(id), { code: 'schema-unavailable', retryAfterMs: 20_000 })
  deepEqual([asked.length, warnings.length], [1, 1])
  becomes(() => {
    throw new Unusable('The registry has no schema id 7.')
  })
  await clock.advance(20_000)
  await rejects(registry.byId(id), { message: 'The registry has no schema id 7.' })
  await rejects(registry.byId(id), { message: 'The registry has no schema id 7.' })
  becomes(() => schema())
  await clock.advance(30_000)
  equal((await registry.byId(id)).codec.format, 'avro')
  equal(asked.length, 3)
})

test('many unknown ids at once do not become a storm', async () => {
  const { asked, registry } = scripted(() => new Promise(() => {}))
  const all = Array.from({ length: 100 }, (_, i) => registry.byId({ kind: 'schema', value: String(i) }))
  const refused = await Promise.allSettled(all.slice(16))
  deepEqual([asked.length, refused.every(({ status }) => status === 'rejected')], [16, true])
})

test('a schema of the registry that does not compile is told', async () => {
  const { registry } = scripted(() => schema('{"type":"gone"}'))
  await rejects(registry.byId(id), {
    code: 'schema-unavailable',
    message: /^The schema of the schema id 7 does not compile: /,
  })
})

test('a subject is looked for again after its time, while its earlier meaning serves', async t => {
  const clock = frozenClock(t)
  const { asked, registry, becomes } = scripted(() => schema())
  const subject = new Subject(registry, 'orders-value', {})
  const first = await subject.get()
  await clock.advance(59_000)
  equal(subject.get(), first)
  becomes(() => schema('"long"', '8'))
  await clock.advance(2_000)
  equal(subject.get(), first)
  equal(subject.get(), first)
  await clock.advance(1)
  equal((await subject.get()).ids[0]?.value, '8')
  becomes(fails)
  await clock.advance(61_000)
  for (let i = 0; i < 100; i++) equal((await subject.get()).ids[0]?.value, '8')
  await clock.advance(1)
  equal((await subject.get()).ids[0]?.value, '8')
  deepEqual(asked, ['subject orders-value latest', 'subject orders-value latest', 'subject orders-value latest'])
})
