import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { dialectNames, dialectOf, rowOf } from '../../../src/bridge/wire/dialect.ts'
import { envelope } from '../../../src/bridge/wire/envelope.ts'
import { aCall } from '../../help/call.ts'
import { header } from '../../help/record.ts'
import { route } from '../../help/wire.ts'

const int32 = [0, 0, 0, 7]
const text = [...Buffer.from('7')]
/** As measured, or as the framework documents them. */
const expected = {
  sluice: ['sluice-correlation-id', 'sluice-reply-to', 'sluice-reply-partition', text],
  spring: ['kafka_correlationId', 'kafka_replyTopic', 'kafka_replyPartition', int32],
  nestjs: ['kafka_correlationId', 'kafka_replyTopic', 'kafka_replyPartition', text],
  smallrye: ['REPLY_CORRELATION_ID', 'REPLY_TOPIC', 'REPLY_PARTITION', int32],
  zilla: ['zilla:correlation-id', 'zilla:reply-to', null, null],
  faststream: ['correlation_id', 'reply_to', null, null],
} as const

for (const dialect of dialectNames)
  test(`a command in the dialect ${dialect} has the names and bytes that its framework reads`, () => {
    const [correlation, topic, partition, written] = expected[dialect]
    const headers = envelope({ ...route, dialect })(aCall(), 'a.b.1.ff')
    equal(header(headers, correlation), 'a.b.1.ff')
    equal(header(headers, topic), 'gateway.replies')
    equal(rowOf(dialect).replyPartition?.name ?? null, partition)
    if (partition === null)
      return equal(
        headers.some(([name]) => /partition$/i.test(name)),
        false,
      )
    deepEqual([...headers.find(([name]) => name === partition)![1]], written)
  })

test('a dialect of one’s own has the names of the configuration, and no partition unless it names one', () => {
  const names = { correlation: 'Id', replyTopic: 'To', partitionEncoding: 'text' } as const
  const headers = envelope({ ...route, dialect: dialectOf({ dialect: 'custom', custom: names }) })(aCall(), 'x')
  equal(header(headers, 'Id'), 'x')
  equal(header(headers, 'To'), 'gateway.replies')
  for (const [encoding, written] of [
    ['text', text],
    ['int32', int32],
  ] as const) {
    const custom = { ...names, replyPartition: 'P', partitionEncoding: encoding }
    const more = envelope({ ...route, dialect: dialectOf({ dialect: 'custom', custom }) })(aCall(), 'x')
    deepEqual([...more.find(([name]) => name === 'P')![1]], written)
  }
  throws(() => dialectOf({ dialect: 'custom' }), /names/)
})
