import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, parse } from '../../config/load.ts'

const of = (fallback: string, kind = 'query: { to: a }', file = 'f') =>
  parse(`workers: { a: { topic: a } }\nroutes: { r: { match: GET /, ${kind}, fallback: ${fallback} } }`, file)
const said = (fallback: string, kind?: string): string =>
  format(of(fallback, kind).mistakes).replaceAll(/^f:2:\d+ {2}routes\.r\.fallback\.?/gm, '')

test('steps that are right are taken in their order', () => {
  equal(said('[{ stale: {} }, { upstream: { url: "https://b.example:8443/v1" } }, { fixed: { status: 503 } }]'), '')
  equal(said('[{ upstream: { url: "http://b" } }]', 'command: { to: a }'), '')
})

test('a step is one thing', () => {
  equal(said('[{}]'), '0: found none of stale, fixed, upstream, expected just one')
  equal(said('[{ stale: {}, fixed: {} }]'), '0.fixed: found beside stale, expected just one of stale, fixed, upstream')
  equal(said('[{ stal: {} }]'), '0.stal: unknown option, did you mean `stale`?')
})

test('earlier replies are for queries, and an event has no fallback', () => {
  equal(
    said('[{ stale: {} }]', 'command: { to: a }'),
    '0.stale: found on a command, expected on queries only: fixed or upstream',
  )
  equal(said('[{ fixed: {} }]', 'event: { topic: e }'), ': found on an event, expected on commands and queries only')
})

test('nothing stands behind what never fails', () => {
  equal(said('[{ fixed: {} }, { stale: {} }]'), '1: found behind step 0, a fixed answer, which never fails')
})

test('an upstream is an HTTP server, and its URL holds no secret', () => {
  for (const url of [
    'ftp://a',
    'a',
    'http://',
    'http://u:p@a',
    'http://a?b',
    'http://a#b',
    'http://a b',
    'file:///etc',
  ])
    equal(
      said(`[{ upstream: { url: "${url}" } }]`),
      `0.upstream.url: found "${url}", expected a URL with http:// or https:// without user, query and fragment`,
    )
  equal(said('[{ upstream: {} }]'), '0.upstream: found neither url nor to, expected just one of the two')
})

test('a fixed answer says only what it may', () => {
  equal(
    said('[{ fixed: { headers: { sluice-outcome: sent } } }]'),
    '0.fixed.headers.sluice-outcome: the name is wrong, expected a header name in lower case, and none of the connection or of the gateway itself',
  )
  equal(
    said('[{ fixed: { headers: { x-a: "a\\nb" } } }]'),
    '0.fixed.headers.x-a: found "a\\nb", expected text without control characters, at most 4,096',
  )
  equal(said('[{ fixed: { status: 99 } }]'), '0.fixed.status: found 99, expected a whole number from 200 to 599')
})

test('the file of a body is found from the folder of the configuration, and is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-fallback-'))
  writeFileSync(join(folder, 'body.json'), '{}')
  const { config } = of('[{ fixed: { bodyFile: body.json } }]', undefined, join(folder, 'g.yaml'))
  equal(config?.routes['r']?.fallback?.[0]?.fixed?.bodyFile, join(folder, 'body.json'))
  deepEqual(
    of('[{ fixed: { bodyFile: none } }]', undefined, join(folder, 'g.yaml')).mistakes.map(({ message }) => message),
    [`found "none" (${join(folder, 'none')}), which is not there`],
  )
  const file = join(folder, 'body.json')
  equal(
    said(`[{ fixed: { body: x, bodyFile: ${file} } }]`),
    '0.fixed.bodyFile: found beside body, expected just one of the two',
  )
})
