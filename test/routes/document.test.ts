import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { aGateway } from '../help/gateway.ts'

test('the documents are served where the configuration allows it, and nowhere else', async t => {
  const open = await aGateway(t, { api: { expose: true } })
  const { status, json, headers } = await open.ask('/openapi.json')
  equal(status, 200)
  equal(headers['content-type'], 'application/json')
  equal(json['openapi'], '3.1.0')
  equal((await open.ask('/asyncapi.json')).json['asyncapi'], '3.0.0')
  const closed = await aGateway(t)
  equal((await closed.ask('/openapi.json')).status, 404)
})
