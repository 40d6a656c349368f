import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { join } from 'node:path'
import { format, parse } from '../../config/load.ts'
import { filesOf } from '../help/files.ts'
import type { Scope } from '../help/scope.ts'

function said(t: Scope, route: string, more = ''): string {
  const folder = filesOf(t, { 'a.json': {}, 'a.avsc': {} })
  const text = `${more}\nworkers: { w: { topic: w } }\nroutes: { a: { ${route} } }`
  return format(parse(text, join(folder, 'f'), { env: {} }).mistakes).replaceAll(/^.*:\d+:\d+ {2}/gm, '')
}

test('a schema stands where there is a body that it describes', t => {
  equal(
    said(t, 'match: POST /, command: { to: w }, schema: { request: { file: a.json }, reply: { file: a.avsc } }'),
    '',
  )
  equal(said(t, 'match: POST /, event: { topic: e }, schema: { event: { file: a.avsc } }'), '')
  equal(
    said(t, 'match: POST /, event: { topic: e }, schema: { request: { file: a.json } }'),
    'routes.a.schema.request: found on an event, expected on a command or a query',
  )
  equal(
    said(t, 'match: GET /, query: { to: w }, schema: { request: { file: a.json } }'),
    'routes.a.schema.request: found on a route whose requests have no body',
  )
  equal(
    said(t, 'match: POST /, command: { to: w }, schema: { request: { mode: observe } }'),
    'routes.a.schema.request: found none of file, registry, expected just one',
  )
})

test('what is read may have a schema, too, of values and of keys', t => {
  equal(
    said(
      t,
      'match: GET /, stream: { topics: [s] }, schema: { record: { file: a.avsc, mode: observe }, key: { file: a.avsc } }',
    ),
    '',
  )
  equal(said(t, 'match: GET /, view: { topic: v }, schema: { record: { file: a.json } }'), '')
  equal(
    said(t, 'match: POST /, command: { to: w }, schema: { record: { file: a.json } }'),
    'routes.a.schema.record: found on a command, expected on a stream or a view',
  )
  equal(
    said(
      t,
      'match: GET /:k, stream: { topics: [s], protocol: durable-streams, key: path.k }, schema: { record: { file: a.avsc } }',
    ),
    'routes.a.schema.record: found beside `protocol: durable-streams`, whose streams are told as they are',
  )
  equal(
    said(
      t,
      'match: GET /, view: { topic: v }, schema: { record: { file: a.json } } }, b: { match: GET /b, view: { topic: v }',
    ),
    'routes.a.schema.record: found another than that of b, which shows the same topic: expected one for both',
  )
})

test('what cannot be written cannot only be observed, and a coded body cannot be looked into', t => {
  equal(
    said(t, 'match: POST /, command: { to: w }, schema: { request: { file: a.avsc, mode: observe } }'),
    'routes.a.schema.request.mode: found observe, but what does not fit cannot be written: expected it with JSON Schema only',
  )
  equal(
    said(t, 'match: POST /, command: { to: w }, contentEncodings: [gzip], schema: { request: { file: a.json } }'),
    'routes.a.contentEncodings: found beside schema, but a coded body is not read: expected just one of the two',
  )
})

test('a schema is in a file or in the registry, which needs a section and what names it', t => {
  const section = 'registry: { url: "http://127.0.0.1:8080/apis/registry/v3" }'
  const of = (place: string, source: string, more = section): string =>
    said(t, `match: POST /, command: { to: w }, schema: { ${place}: { ${source} } }`, more)
  for (const source of [
    'registry: topic',
    'registry: subject, name: a',
    'registry: record, name: acme.A, version: "2"',
  ])
    equal(of('request', source), '')
  equal(of('reply', 'registry: id'), '')
  equal(
    of('request', 'registry: topic', ''),
    'routes.a.schema.request.registry: found without the section registry, expected it with url',
  )
  equal(
    of('request', 'registry: topic, file: a.json'),
    'routes.a.schema.request.file: found beside registry, expected just one of file, registry',
  )
  equal(of('request', 'registry: record'), 'routes.a.schema.request: found registry record without name, expected both')
  equal(
    of('request', 'registry: topic, name: a'),
    'routes.a.schema.request.name: found beside registry topic, which needs none',
  )
  equal(
    of('request', 'registry: id'),
    'routes.a.schema.request.registry: found id, expected it of what is read only: what is written has none yet',
  )
})
