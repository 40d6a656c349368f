import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiKeys } from '../../../src/routes/identity/keys.ts'

test('an API key is known by its hash, and no longer once it is taken out of the file', t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'keys')
  writeFileSync(file, `acme:sha256$${hash('sha256', 'key-1')}:orders:write\n`)
  using keys = new ApiKeys('partners', file)
  const { client, scopes } = keys.identify('key-1')
  equal(client, 'partners/acme')
  deepEqual([...scopes], ['orders:write'])
  for (const wrong of ['key-2', '', 'x'.repeat(10_000)]) throws(() => keys.identify(wrong), { code: 'unauthenticated' })
  writeFileSync(file, '# none\n')
  keys.look()
  throws(() => keys.identify('key-1'), { code: 'unauthenticated' })
})
