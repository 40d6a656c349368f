import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { folder } from '../help/folder.ts'
import { sluice } from '../help/sluice.ts'

const document = 'examples/from-openapi/openapi.yaml'

test('init writes a file, tells what it has left out, and takes no name that is taken', async t => {
  const out = join(folder(t), 'gateway.yaml')
  const first = sluice(t, ['init', document, '--out', out])
  equal(await first.ended, 0, first.err)
  match(first.out, /gateway\.yaml: 4 routes\.\nNot taken: GET \/reports/)
  const again = sluice(t, ['init', document, '--out', out])
  equal(await again.ended, 1)
  match(again.err, /is there already: choose another name\./)
  const checked = sluice(t, ['validate', out])
  equal(await checked.ended, 0, checked.err)
})

test('what cannot be read, or is no document, is a sentence', async t => {
  const missing = sluice(t, ['init', 'nowhere.yaml'])
  equal(await missing.ended, 1)
  equal(missing.err, 'nowhere.yaml cannot be read.\n')
  const other = sluice(t, ['init', 'config/gateway.yaml'])
  equal(await other.ended, 1)
  match(other.err, /^The document is no OpenAPI document/)
})
