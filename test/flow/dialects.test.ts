import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Taken } from '../help/hand.ts'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { bytes, pairs } from '../help/record.ts'

/** What a worker of each framework writes of a command, by hand: to a partition of its own choice where it is told none. */
const frameworks = {
  spring: { id: 'kafka_correlationId', partition: 7, says: {} },
  nestjs: { id: 'kafka_correlationId', partition: 7, says: { 'kafka_nest-is-disposed': Buffer.of(0) } },
  smallrye: { id: 'REPLY_CORRELATION_ID', partition: 7, says: {} },
  zilla: { id: 'zilla:correlation-id', partition: 3, says: { ':status': '200', 'content-type': 'application/json' } },
  faststream: { id: 'correlation_id', partition: 3, says: { 'content-type': 'application/json' } },
  custom: { id: 'X-Id', partition: 3, says: { 'X-STATUS': '200' } },
} as const

const custom = { correlation: 'X-Id', replyTopic: 'X-To', status: 'X-Status', error: 'X-Error' }
const speaking = (dialect: string, more: Part = {}): Part => ({
  workers: { orders: { dialect, ...(dialect === 'custom' && { custom }), ...more } },
  instance: { ordinal: 7 },
})

const answer = (
  command: Taken,
  dialect: keyof typeof frameworks,
  says: Readonly<Record<string, string | Uint8Array>>,
  body: string | null,
): Promise<void> => {
  const { id, partition } = frameworks[dialect]
  const headers = pairs({ [id]: command.raw(id), ...says })
  return command.publish(headers, body === null ? null : bytes(body), { topic: 'gateway.replies', partition })
}

for (const dialect of Object.keys(frameworks) as (keyof typeof frameworks)[])
  test(`a worker of the dialect ${dialect} answers`, async t => {
    const { ask, worker } = await aGateway(t, speaking(dialect))
    const asked = ask('/orders', { body: anOrder })
    const command = await worker.next()
    equal(command.header('sluice-correlation-id'), undefined)
    await answer(command, dialect, frameworks[dialect].says, '{"ok":true}')
    const { status, json } = await asked
    deepEqual([status, json], [200, { ok: true }])
  })

test('what a NestJS handler throws is a problem, at once', async t => {
  const { ask, worker } = await aGateway(t, speaking('nestjs'))
  worker.always(command => {
    const err = '{"status":"error","message":"Internal server error"}'
    void answer(command, 'nestjs', { 'kafka_nest-err': err, 'kafka_nest-is-disposed': Buffer.of(0) }, null)
  })
  const { status, json, headers, outcome } = await ask('/orders', { body: anOrder })
  equal(status, 500)
  equal(headers['content-type'], 'application/problem+json')
  deepEqual(json, { type: 'about:blank', title: 'Internal Server Error', status: 500, detail: 'Internal server error' })
  equal(outcome, 'sent')
})

test('of several values the first is the answer, and those after it are counted as duplicates', async t => {
  const { ask, worker, admin } = await aGateway(t, speaking('nestjs'))
  const values = async (command: Taken): Promise<void> => {
    for (const value of ['1', '2']) await answer(command, 'nestjs', {}, value)
    await answer(command, 'nestjs', { 'kafka_nest-is-disposed': Buffer.of(0) }, null)
  }
  worker.always(command => void values(command))
  const { status, text, headers } = await ask('/orders', { body: anOrder })
  deepEqual([status, text, headers['content-type']], [200, '1', 'application/json'])
  equal((await admin.metrics()).sum('sluice_replies_total', { class: 'duplicate' }), 2)
})

test('an answer of nothing is 200 without a body', async t => {
  const { ask, worker } = await aGateway(t, speaking('nestjs'))
  worker.always(command => void answer(command, 'nestjs', { 'kafka_nest-is-disposed': Buffer.of(0) }, null))
  const { status, text, headers } = await ask('/orders', { body: anOrder })
  deepEqual([status, text, headers['content-type']], [200, '', undefined])
})
