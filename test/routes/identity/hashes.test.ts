import { test } from 'node:test'
import { deepEqual, throws } from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hashes } from '../../../src/routes/identity/hashes.ts'

const line = (subject: string, key: string, scopes = ''): string =>
  `${subject}:sha256$${hash('sha256', key)}:${scopes}\n`

test('a file is read anew when it has changed, and one that does not hold changes nothing', t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'keys')
  writeFileSync(file, `# keys\n\n${line('a', 'one', 'x y')}`)
  let names: string[] = []
  using hashes = new Hashes('p', file, all => (names = [...all.keys()]))
  deepEqual(names, ['a'])
  writeFileSync(file, line('a', 'one') + line('bcd', 'two'))
  hashes.look()
  deepEqual(names, ['a', 'bcd'])
  writeFileSync(file, 'the-secret-itself\n')
  hashes.look()
  deepEqual(names, ['a', 'bcd'])
  rmSync(file)
  hashes.look()
  deepEqual(names, ['a', 'bcd'])
})

test('a line that is none is told by its number, and not quoted', t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'keys')
  writeFileSync(file, `${line('a', 'one')}the-secret-itself\n`)
  throws(() => new Hashes('p', file, () => {}), {
    message: 'identity.providers.p: line 2 of its file is no <subject>:<hash>:<scopes>.',
  })
  throws(() => new Hashes('p', join(folder, 'none'), () => {}), /its file cannot be read/)
})
