import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { join } from 'node:path'
import { format, parse } from '../../config/load.ts'
import { filesOf } from '../help/files.ts'
import type { Scope } from '../help/scope.ts'

function said(t: Scope, route: string): string {
  const folder = filesOf(t, { 'a.json': {}, 'a.avsc': {} })
  const text = `workers: { w: { topic: w } }\nroutes: { a: { ${route} } }`
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
    'routes.a.schema.request: found no file, expected one',
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
