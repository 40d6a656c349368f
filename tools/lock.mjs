// Completes package-lock.json: npm leaves out the optional packages of other platforms when its registry or mirror lacks them,
// and `npm ci` then refuses the lock file. Run after `npm install`: node tools/lock.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const file = join(import.meta.dirname, '..', 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const cpus = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'wasm32']
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']

const left = []
for (const [from, { optionalDependencies = {}, dev }] of Object.entries(lock.packages))
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const path = `node_modules/${name}`
    if (path in lock.packages || `${from}/${path}` in lock.packages) continue
    const words = name.split(/[/-]/)
    const os = systems.find(system => words.includes(system))
    const cpu = cpus.find(kind => words.includes(kind))
    if (cpu === undefined || (os === undefined && cpu !== 'wasm32')) throw new Error(`No platform in the name ${name}.`)
    const libc = words.some(word => word.startsWith('musl'))
      ? ['musl']
      : words.some(word => word.startsWith('gnu'))
        ? ['glibc']
        : undefined
    left.push([
      path,
      { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc }), optional: true, ...(os && { os: [os] }) },
    ])
  }

const sorted = Object.entries(lock.packages)
  .concat(left)
  .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
console.log(`${left.length} optional packages added to package-lock.json.`)
