import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
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
  const config = Config.parse({ workers: { w: { topic: 'w' } }, routes: { ...routes, event } })
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
