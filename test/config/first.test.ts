import { test } from 'node:test'
import { deepEqual, equal, match, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { firstConfiguration } from '../../config/first.ts'
import { format, parse } from '../../config/load.ts'
import type { Config } from '../../config/schema/index.ts'
import { start } from '../../src/app.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { client } from '../help/ask.ts'
import { handWorker } from '../help/hand.ts'

const pets = readFileSync(join(import.meta.dirname, '../../examples/from-openapi/openapi.yaml'), 'utf8')

function holding(text: string, set: readonly string[] = []): Config {
  const { config, mistakes } = parse(text, 'first.yaml', { env: {}, set })
  if (config === null) throw new Error(`${format(mistakes)}\n${text}`)
  return config
}

test('a gateway starts with what was written from a document, and serves its paths', async t => {
  const { text, routes, skipped } = firstConfiguration(pets)
  equal(routes, 4)
  deepEqual(skipped, ['GET /reports/{day}.csv: each parameter must be a segment and have a name of its own'])
  const set = ['server.port=0', 'server.host=127.0.0.1', 'admin.port=0', 'log.level=silent', 'overload.mode=off']
  await using broker = new MemoryBroker()
  await using gateway = await start(holding(text, set), { broker })
  await gateway.ready
  ;(await handWorker(t, broker, 'pets.commands')).always(
    command => void command.reply({ status: 200, body: command.key ?? 'none' }),
  )
  using asking = client(gateway.url)
  const headers = { 'idempotency-key': '"k-1"' }
  equal((await asking.ask('/v1/pets', { body: { petId: 'p-1' }, headers })).text, 'p-1')
  equal((await asking.ask('/v1/pets', { body: { petId: 'p-1' } })).code, 'key-missing')
  equal((await asking.ask('/v1/pets/p-2')).text, 'p-2')
  equal((await asking.ask('/v1/pets/p-2', { method: 'DELETE' })).status, 200)
  equal((await asking.ask('/openapi.json')).json['info'] === undefined, false)
})

test('documents of every kind become configurations that hold', () => {
  const operation = { responses: {} }
  const documents: Record<string, object> = {
    'without ids, tags and titles': { paths: { '/': { get: operation }, '/a/{b}/c': { put: operation } } },
    'names that are none of ours': {
      info: { title: 'It\'s "${HOME}" # 1', version: 'ä' },
      paths: {
        '/a': { post: { operationId: '日本', tags: ['日本'], summary: "a: 'b'\n# c", ...operation } },
        '/cluster/x': { get: { tags: ['Cluster'], ...operation } },
        '/{a.b}/{a-b}': { get: operation },
        '/a b': { get: operation },
      },
    },
    'twice the same path': { paths: { '/a/{b}': { get: operation }, '/a/{c}': { get: operation } } },
    'twice the same id': { paths: { '/a': { get: { operationId: 'x' } }, '/b': { get: { operationId: 'x' } } } },
    'headers and bodies of every kind': {
      servers: [{ url: '/api/' }],
      paths: {
        '/a': {
          post: {
            parameters: [{ in: 'header', name: 'X-A' }, { in: 'header', name: 'Authorization' }, { $ref: '#/nowhere' }],
            requestBody: { content: { 'application/*': {}, 'text/plain; charset=utf-8': {} } },
          },
        },
      },
    },
    'Swagger 2.0': { swagger: '2.0', basePath: '/v2', paths: { '/a/{id}': { delete: operation } } },
  }
  for (const [what, document] of Object.entries(documents)) {
    const config = holding(firstConfiguration(JSON.stringify(document)).text)
    match(what, Object.keys(config.routes).length > 0 ? /./ : /never/)
  }
})

test('what is no OpenAPI document is told in a sentence', () => {
  throws(() => firstConfiguration('{'), { message: 'The document is neither JSON nor YAML.' })
  throws(() => firstConfiguration('a: 1'), { message: 'The document is no OpenAPI document: it has no paths.' })
  throws(() => firstConfiguration('paths: {}'), /no operation that could become a route/)
})
