// Plays the workers of real frameworks: npm run peers. With --write, docs/peers.md then says what was seen; with names of
// examples, only theirs are played.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { writing } from '../help/peerpage.ts'

const { values, positionals } = parseArgs({ options: { write: { type: 'boolean' } }, allowPositionals: true })
const files =
  positionals.length === 0
    ? ['test/peers/*.{test,peer}.ts']
    : positionals.map(name => `test/peers/${name}.{test,peer}.ts`)
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=1', '--test-global-setup=test/help/setup.ts', ...files],
  { stdio: 'inherit', env: { ...process.env, ...(values.write && { [writing]: '1' }) } },
)
process.exitCode = status ?? 1
