import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

type Manifest = Readonly<{
  bin: Readonly<Record<string, string>>
  files: readonly string[]
  exports: Readonly<Record<string, string | Readonly<{ types: string; default: string }>>>
}>
const { bin, files, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest

test('what the package offers is in it, and built from a source that there is', () => {
  const offered = [bin, ...Object.values(exports)].flatMap(entry =>
    typeof entry === 'string' ? [entry] : Object.values(entry as Record<string, string>),
  )
  for (const path of offered.map(path => path.replace(/^\.\//, ''))) {
    ok(
      path === 'package.json' || files.some(file => path === file || path.startsWith(`${file}/`)),
      `${path} is not packed`,
    )
    const source = path.replace(/^dist\/(.*?)(\.d\.ts|\.js)$/, '$1.ts')
    ok(existsSync(source), `${path} has no source ${source}`)
  }
})

test('types are named before the code, or a compiler would not see them', () => {
  for (const entry of Object.values(exports))
    if (typeof entry === 'object') deepEqual(Object.keys(entry), ['types', 'default'])
})

test('on an older Node the command says what it needs in one line, and fails', () => {
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(older)}`, bin['sluice']!, 'start'],
    { encoding: 'utf8' },
  )
  deepEqual(
    { status, stdout, stderr },
    { status: 1, stdout: '', stderr: 'Sluice needs Node 24 or newer; this is Node 20.1.0.\n' },
  )
})

test('the command checks a configuration: ten mistakes are ten lines and the exit code 1', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [bin['sluice']!, 'validate', 'test/config/ten-mistakes.yaml'],
    { encoding: 'utf8' },
  )
  deepEqual({ status, stdout }, { status: 1, stdout: '' })
  equal(stderr.split('\n').filter(line => line.startsWith('test/config/ten-mistakes.yaml:')).length, 10, stderr)
})
