import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Config } from '../config/schema/index.ts'
import { documentsOf, openIdentity, openSpool, openTraces } from '../src/optional.ts'
import type { Parts } from '../src/parts.ts'
import { folder } from './help/folder.ts'

const aConfig = (over: object = {}): Config =>
  Config.parse({ routes: { signal: { match: 'POST /signals', event: { topic: 'signals' } } }, ...over })
const partsOf = (config: Config, held: AsyncDisposableStack): Parts => ({ config, held, instance: 'a' }) as Parts

test('what a configuration does not name is not there', async () => {
  const config = aConfig()
  await using held = new AsyncDisposableStack()
  const parts = partsOf(config, held)
  deepEqual([await openSpool(parts), await openTraces(parts, {}), await openIdentity(config, held)], [null, null, null])
  deepEqual(await documentsOf({ config, schemas: null }), [])
})

test('documents are there once they may be read', async () => {
  const documents = await documentsOf({ config: aConfig({ api: { expose: true } }), schemas: null })
  deepEqual(
    documents.map(({ path }) => path),
    ['/openapi.json', '/asyncapi.json'],
  )
})

test('an endpoint alone asks for traces, and two variables say no', async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
  await using held = new AsyncDisposableStack()
  const parts = partsOf(aConfig(), held)
  for (const no of [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }])
    equal(await openTraces(parts, { ...endpoint, ...no }), null)
})

test('a spool that cannot be had is named', async t => {
  const file = `${folder(t)}/none/spool`
  const config = aConfig({
    spool: { file },
    routes: { signal: { match: 'POST /signals', event: { topic: 'signals' }, spool: true } },
  })
  await using held = new AsyncDisposableStack()
  await rejects(openSpool(partsOf(config, held)), (error: Error) =>
    error.message.startsWith(`The spool ${file} cannot`),
  )
})
