// Runs before `npm start` and `npm test`, with whatever Node the machine has: installs what the lock file names, when it is
// not there yet. Plain JavaScript without dependencies, as nothing is installed when it begins.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, 'node_modules', '.sluice-installed')
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : ''

const fail = line => {
  console.error(line)
  process.exit(1)
}

if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Sluice needs Node 20 or newer to install itself; this is ${process.version}.`)
if (installed !== wanted) {
  console.log('Installing what package-lock.json names (once, under half a minute) …')
  const npm = process.env.npm_execpath
  const [command, ...args] = npm === undefined ? ['npm'] : [process.execPath, npm]
  const { status } = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) fail('npm ci failed: see the lines above. It needs the npm registry, or a mirror of it.')
  const runtime = spawnSync(join(root, 'node_modules', '.bin', 'node'), ['--version'], { encoding: 'utf8' })
  if (runtime.status !== 0)
    fail(
      'The packages are there, but not the Node 24 that they bring: install scripts are switched off. Run: npm rebuild node --ignore-scripts=false',
    )
  writeFileSync(stamp, wanted)
}
