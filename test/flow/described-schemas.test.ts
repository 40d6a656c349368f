import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { join } from 'node:path'
import { Parser } from '@asyncapi/parser'
import { validate } from '@readme/openapi-parser'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Config } from '../../config/schema/index.ts'
import { asyncapi } from '../../src/bridge/asyncapi.ts'
import { openapi } from '../../src/routes/openapi/index.ts'
import { openSchemas } from '../../src/schemas.ts'
import { filesOf } from '../help/files.ts'
import { schemas } from '../help/schemas.ts'

test('documents with schemas in every language are valid for those who read them', async t => {
  const folder = filesOf(t, {
    'a.json': {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: 'https://shop.example/a',
      definitions: { b: { type: 'string' } },
      properties: { b: { $ref: '#/definitions/b' }, c: { $ref: 'c.json' } },
    },
    'c.json': { $ref: '#/$defs/d', $defs: { d: { type: 'integer' } } },
    'a.avsc': {
      type: 'record',
      name: 'shop.Node',
      fields: [
        { name: 'next', type: ['null', 'shop.Node', 'long'] },
        { name: 'more', type: { type: 'map', values: 'bytes' } },
      ],
    },
    'a.proto': schemas.protobuf.text,
  })
  const files = ['a.json', 'a.avsc', 'a.proto'].map(name => ({ file: join(folder, name) }))
  const routes = Object.fromEntries(
    files.map((file, i) => [
      `r${i}`,
      { match: `POST /${i}`, command: { to: 'w' }, schema: { request: file, reply: file } },
    ]),
  )
  const event = { match: 'POST /e', event: { topic: 'e' }, schema: { event: files[0] } }
  const reading = { record: files[1], key: files[0] }
  const followed = {
    s: { match: 'GET /s', stream: { topics: ['s', 't'] }, schema: reading },
    v: { match: 'GET /v/:id', view: { topic: 'v', key: 'path.id' }, schema: reading },
    vs: { match: 'GET /v', view: { topic: 'v' }, schema: reading },
  }
  const config = Config.parse({ workers: { w: { topic: 'w' } }, routes: { ...routes, event, ...followed } })
  const shown = (await openSchemas(config))?.shown
  const document = structuredClone(openapi(config, shown)) as Record<string, unknown>
  deepEqual((await new Validator().validate(structuredClone(document))).errors ?? [], [])
  const result = await validate(document as never)
  deepEqual(result.valid ? [] : result.errors, [])
  const diagnostics = (await new Parser().validate(JSON.stringify(asyncapi(config, shown)))) as readonly Readonly<{
    severity: number
  }>[]
  deepEqual(
    diagnostics.filter(({ severity }) => severity === 0),
    [],
  )
})

test('what streams and views tell is shown as clients read it, and on its topic, and so are replies', async t => {
  const folder = filesOf(t, {
    'order.avsc': { type: 'record', name: 'Order', fields: [{ name: 'amount', type: 'long' }] },
    'key.avsc': { type: 'record', name: 'Key', fields: [{ name: 'id', type: 'int' }] },
  })
  const [record, key] = ['order.avsc', 'key.avsc'].map(name => ({ file: join(folder, name) }))
  const stream = { topics: ['orders'] }
  const config = Config.parse({
    workers: { w: { topic: 'w' } },
    routes: {
      told: { match: 'GET /told', stream, schema: { record, key } },
      part: { match: 'GET /part', stream: { ...stream, fields: ['/amount'] }, schema: { record } },
      one: { match: 'GET /orders/:id', view: { topic: 'orders', key: 'path.id' }, schema: { record, key } },
      all: { match: 'GET /orders', view: { topic: 'orders' }, schema: { record, key } },
      open: { match: 'GET /open', stream: { topics: ['other'] } },
      asked: { match: 'POST /asked', command: { to: 'w' }, schema: { reply: record } },
    },
  })
  const shown = (await openSchemas(config))?.shown
  const { paths, components } = openapi(config, shown) as unknown as Readonly<{
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content: Record<string, { schema?: object }> }> }>
    >
    components: { schemas: Record<string, { properties?: object }> }
  }>
  const schemaOf = (path: string, type: string): unknown =>
    paths[path]?.['get']?.responses['200']?.content[type]?.schema
  const to = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const said = (data: object) => ({ type: 'string', contentMediaType: 'application/json', contentSchema: data })
  const dataOf = (path: string, type: string): unknown =>
    (schemaOf(path, type) as { anyOf: readonly { properties: { data?: object } }[] }).anyOf[0]?.properties.data
  deepEqual(dataOf('/told', 'application/x-ndjson'), to('told.record'))
  deepEqual(dataOf('/told', 'text/event-stream'), said(to('told.record')))
  deepEqual(components.schemas['told.record']?.properties, { amount: { type: 'integer', format: 'int64' } })
  equal(schemaOf('/part', 'application/x-ndjson'), undefined)
  equal(schemaOf('/open', 'application/x-ndjson'), undefined)
  deepEqual(schemaOf('/orders/{id}', 'application/json'), to('one.record'))
  const { properties } = (
    schemaOf('/orders', 'application/json') as { properties: { items: { items: { properties: object } } } }
  ).properties.items.items
  const { key: keys, value } = properties as { key: object; value: object }
  deepEqual([keys, value], [said(to('all.key')), to('all.record')])

  const document = asyncapi(config, shown) as unknown as Readonly<{
    channels: Record<string, { messages: Record<string, { payload: object; bindings?: { kafka: { key: object } } }> }>
    operations: Record<
      string,
      { messages: readonly { $ref: string }[]; reply?: { messages: readonly { $ref: string }[] } }
    >
    components: { schemas: Record<string, object> }
  }>
  const { messages } = document.channels['orders']!
  const told = messages['record-of-told']!
  deepEqual([told.payload, told.bindings?.kafka.key], [to('told.record'), to('told.key')])
  deepEqual(document.operations['one-orders']?.messages, [{ $ref: '#/channels/orders/messages/record-of-one' }])
  deepEqual(document.channels['other']?.messages['record']?.payload, {})
  const replies = document.operations['asked']?.reply?.messages
  deepEqual(replies, [{ $ref: '#/channels/gateway_replies/messages/reply-to-asked' }])
  deepEqual(document.channels['gateway_replies']?.messages['reply-to-asked']?.payload, to('asked.reply'))
  const names = Object.keys(document.components.schemas).toSorted()
  deepEqual(names, [
    'all.key',
    'all.record',
    'asked.reply',
    'one.key',
    'one.record',
    'part.record',
    'told.key',
    'told.record',
  ])
})
