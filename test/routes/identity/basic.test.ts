import { test } from 'node:test'
import { equal, ok, rejects } from 'node:assert/strict'
import { scryptSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Basic } from '../../../src/routes/identity/basic.ts'

const salt = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
const encoded = (user: string, password: string): string => Buffer.from(`${user}:${password}`).toString('base64')

test('a password is looked at slowly once, then known, until the file changes', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'users')
  const digest = scryptSync('p:w', salt, 32).toString('hex')
  writeFileSync(file, `till:scrypt$${salt.toString('hex')}$${digest}:orders\n`)
  using basic = new Basic('tills', file, 10)
  const right = encoded('till', 'p:w')
  equal((await basic.identify(right)).client, 'tills/till')
  ok(!(basic.identify(right) instanceof Promise))
  for (const wrong of [encoded('till', 'wrong'), encoded('nobody', 'p:w'), 'AAAA', ''])
    await rejects(async () => await basic.identify(wrong), { code: 'unauthenticated' })
  writeFileSync(file, '# none\n')
  basic.look()
  await rejects(async () => await basic.identify(right), { code: 'unauthenticated' })
})

test('only so many passwords are looked at at once', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'users')
  writeFileSync(file, '')
  using basic = new Basic('tills', file, 10)
  const asked = Array.from({ length: 12 }, async (_, at) => await basic.identify(encoded('a', `${at}`)))
  const codes = (await Promise.allSettled(asked)).map(
    each => (each as PromiseRejectedResult).reason as { code: string },
  )
  equal(codes.filter(({ code }) => code === 'identity-unavailable').length, 4)
})
