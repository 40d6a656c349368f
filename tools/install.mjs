// Installs what the lock file names, when it is not there yet: with whatever Node the machine has, from 20 on. Plain JavaScript
// without dependencies, as nothing is installed when it begins.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, 'node_modules', '.sluice-installed')
const own = join(root, 'node_modules', '.bin', 'node')
const major = Number(process.versions.node.split('.')[0])

/** Ends the process with one sentence. */
export function fail(line) {
  console.error(line)
  process.exit(1)
}

export function install() {
  if (major < 20) fail(`Sluice needs Node 20 or newer to install itself; this is ${process.version}.`)
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.log('Installing what package-lock.json names (once, about a minute) …')
  const npm = process.env.npm_execpath
  const [command, ...args] = npm === undefined ? ['npm'] : [process.execPath, npm]
  const { status } = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) fail('npm ci failed: see the lines above. It needs the npm registry, or a mirror of it.')
  writeFileSync(stamp, wanted)
}

/** The Node that came with the packages; the machine's own where that is new enough and the other could not be installed. */
export function runtime() {
  if (existsSync(own)) return own
  if (major >= 24) return process.execPath
  return fail(
    'Sluice needs Node 24, which comes with its packages, but npm runs no install scripts here: run `npm rebuild node --ignore-scripts=false` once, and try again.',
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  install()
  runtime()
}
