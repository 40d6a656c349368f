import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { counted } from './counted.ts'

test('the build is told by its version', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  deepEqual(await counted('sluice_build', () => {}), [
    `sluice_build_info{version="${version}",node="${process.versions.node}"} 1`,
  ])
})
