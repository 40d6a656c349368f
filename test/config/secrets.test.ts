import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { format, hidden, load, parse } from '../../config/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-secrets-'))
const canary = 'p"4$${X}: \tcanary'
writeFileSync(join(folder, 'password'), `${canary}\n`)
writeFileSync(join(folder, 'empty'), '\n')
writeFileSync(join(folder, 'binary'), new Uint8Array([0xff, 0xfe, 0xff]))
mkdirSync(join(folder, 'directory'))
const file = join(folder, 'g.yaml')
const sasl = (rest: string, set: readonly string[] = []) =>
  parse(`routes: {}\nbroker: { sasl: { mechanism: plain, username: u, ${rest} } }`, file, { set })
const said = (rest: string): string => format(sasl(rest).mistakes).replaceAll(folder, '')

test('what a passwordFile holds becomes the password, as it is but for a line break at its end', () => {
  const { config } = sasl('passwordFile: password')
  equal(config?.broker.sasl?.password, canary)
  equal(config?.broker.sasl?.passwordFile, join(folder, 'password'))
})

test('a relative path leads from the folder of the file, or on the command line from the working directory', () => {
  const path = relative('', join(folder, 'password'))
  equal(sasl('passwordFile: none', [`broker.sasl.passwordFile=${path}`]).config?.broker.sasl?.password, canary)
  writeFileSync(file, 'routes: {}\nbroker: { tls: { caFile: password } }')
  deepEqual(load(file).config?.broker.tls, { caFile: join(folder, 'password'), rejectUnauthorized: true })
})

test('a file that cannot be used is a mistake at its place', () => {
  const place = '/g.yaml:2:64  broker.sasl.passwordFile: '
  equal(said('passwordFile: none'), `${place}found "none" (/none), which is not there`)
  equal(
    said('passwordFile: directory'),
    `${place}found "directory" (/directory), which is a directory, expected a file`,
  )
  equal(said('passwordFile: empty'), `${place}found "empty" (/empty), which is empty`)
  equal(said('passwordFile: binary'), `${place}found "binary" (/binary), which is not text in UTF-8`)
  equal(said('passwordFile: password, password: x'), `${place}found beside password, expected just one of the two`)
  equal(said("passwordFile: ''"), `${place}found "", expected the path of a readable file`)
  equal(said("passwordFile: '${NO_SUCH}'").split('\n').length, 1)
})

test('secrets are hidden, and nothing else is', () => {
  const config = sasl('passwordFile: password').config!
  const shown = hidden(config)
  equal(shown.broker.sasl?.password, '***')
  equal(JSON.stringify(shown).includes('canary'), false)
  deepEqual(shown, { ...config, broker: { ...config.broker, sasl: { ...config.broker.sasl, password: '***' } } })
  equal(config.broker.sasl?.password, canary, 'the configuration itself is left alone')
})

test('the URL of Redis may come from a file, and is not shown', () => {
  writeFileSync(join(folder, 'redis'), 'redis://user:p4ssword@localhost:6379\n')
  const { config } = parse('routes: {}\nredis: { urlFile: redis }', file)
  equal(config?.redis?.url, 'redis://user:p4ssword@localhost:6379')
  equal(hidden(config).redis?.url, '***')
  const { mistakes } = parse('routes: {}\nredis: { url: "http://user:p4ssword@localhost" }', file)
  equal(mistakes.length, 1)
  equal(format(mistakes).includes('p4ssword'), false)
})
