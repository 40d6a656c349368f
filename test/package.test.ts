import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Manifest = Readonly<{
  bin: Readonly<Record<string, string>>
  files: readonly string[]
  exports: Readonly<Record<string, string | Readonly<{ types: string; default: string }>>>
  scripts: Readonly<Record<string, string>>
}>
const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })`
const { bin, files, exports, scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest

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

test('scripts install and choose their Node themselves, as npm may be told to skip what comes before them', () => {
  for (const [name, script] of Object.entries(scripts)) {
    ok(!/^(pre|post)/.test(name) || name === 'prepack', `${name} is skipped where ignore-scripts is set`)
    ok(!script.startsWith('node ') || script.startsWith('node tools/run.mjs '), `${name} runs whatever Node there is`)
  }
})

test('without the Node of the packages an older one says the remedy in one line, and a new one runs instead', t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-run-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync('tools', join(folder, 'tools'), { recursive: true })
  const run = (...options: string[]) => {
    const args = [...options, join(folder, 'tools', 'run.mjs'), '--as-is', '-p', '6 * 7']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  deepEqual(run(), { status: 0, stdout: '42\n', stderr: '' })
  const { status, stdout, stderr } = run('--import', `data:text/javascript,${encodeURIComponent(older)}`)
  deepEqual([status, stdout], [1, ''])
  match(stderr, /^Sluice needs Node 24, .*`npm rebuild node --ignore-scripts=false`[^\n]*\n$/)
})

test('on an older Node the command says what it needs in one line, and fails', () => {
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
