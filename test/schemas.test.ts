import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { Config } from '../config/schema/index.ts'
import { openSchemas } from '../src/schemas.ts'
import { filesOf } from './help/files.ts'
import type { Scope } from './help/scope.ts'

const configOf = (t: Scope, schema: object): Config => {
  const folder = filesOf(t, { 'a.json': schema })
  const source = { file: join(folder, 'a.json') }
  const routes = {
    a: { match: 'POST /', command: { to: 'w' }, schema: { request: source, reply: { ...source, mode: 'off' } } },
  }
  return Config.parse({ workers: { w: { topic: 'w' } }, routes })
}

test('only what is asked for is there', async t => {
  equal(await openSchemas(Config.parse({ routes: {} })), null)
  const schemas = await openSchemas(configOf(t, { type: 'object' }))
  equal(schemas?.fits('a')?.mode, 'enforce')
  deepEqual([schemas?.fits('b'), schemas?.decode('a')], [null, null])
  deepEqual(schemas?.shown('a', 'request', '#'), { type: 'object' })
})

test('a schema that does not compile is named with its route', async t => {
  await rejects(openSchemas(configOf(t, { type: 1 })), /^Error: routes\.a\.schema\.request: a\.json does not compile: /)
})
