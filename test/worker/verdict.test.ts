import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { readCommand } from '../../src/bridge/wire/index.ts'
import { refuse } from '../../src/worker/answer.ts'
import { Command } from '../../src/worker/command.ts'
import { Job } from '../../src/worker/job.ts'
import { Part } from '../../src/bridge/consume/index.ts'
import type { CommandHandler } from '../../src/worker/options.ts'
import { decide } from '../../src/worker/verdict.ts'
import { aRecord, pairs } from '../help/record.ts'

const part = new Part({ topic: 't', partition: 0, signal: new AbortController().signal, done: () => {} }, 10)
const record = aRecord({ headers: pairs({ 'sluice-correlation-id': 'c', 'sluice-reply-to': 'replies' }) })
const origin = readCommand('sluice', record)!
const verdict = async (handler: CommandHandler, stopped = false) => {
  const job = new Job(new Command(origin, record), { origin, part, ticket: part.begin(0n), record: null })
  if (stopped) job.stop()
  const decided = await decide(job, handler, () => {})
  return [decided.kind, 'reply' in decided ? decided.reply.status : null]
}
const fails = (): never => {
  throw new Error('fails')
}

test('what a handler gives or refuses is served, what it throws is poison', async () => {
  deepEqual(await verdict(() => ({ status: 201 })), ['served', 201])
  deepEqual(await verdict(async () => ({ body: 'x' })), ['served', 200])
  deepEqual(await verdict(() => {}), ['served', 204])
  deepEqual(await verdict(() => Promise.reject(refuse(409))), ['served', 409])
  deepEqual(await verdict(fails), ['poison', 500])
  deepEqual(await verdict(() => Promise.reject(refuse(99))), ['poison', 500])
  deepEqual(await verdict(() => ({ headers: { a: '\n' } })), ['poison', 500])
})

test('once the worker stops, a reply still counts, and a failure is none', async () => {
  deepEqual(await verdict(() => ({ status: 201 }), true), ['served', 201])
  deepEqual(await verdict(fails, true), ['stopped', null])
})

test('the handler gets the expiry of its command', async () => {
  let expires: number | null = 0
  await verdict((_, context) => void (expires = context.expires))
  equal(expires, null)
})
