import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { TopicReader } from '../../src/lab/topicreader.ts'
import { aStation } from '../help/station.ts'

test('what is in the topic is counted by request, and a command sent again once', async () => {
  const { broker, send, settle } = await aStation()
  await send({ id: 'a', body: '{"id":"0-1"}' })
  const reader = await TopicReader.open(broker, 'commands')
  await send({ id: 'a', body: '{"id":"0-1"}' })
  await send({ id: 'b', body: '{"id":"0-1"}' })
  await send({ id: 'c', body: '{"other":1}' })
  await settle()
  deepEqual(reader.commands, { '0-1': 2 })
})
