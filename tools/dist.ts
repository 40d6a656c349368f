// Builds what the package carries, before it is packed: JavaScript and declarations, as Node strips no types below
// node_modules. A checkout never needs it.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
if (status !== 0) {
  console.error('Nothing to pack: the source does not compile, see above.')
  process.exit(1)
}
// declarations written by hand are no output of the compiler, but those that it writes may refer to them
for (const file of globSync('{src,config}/**/*.d.ts', { cwd: root })) cpSync(join(root, file), join(dist, file))

// the console is served as it stands
for (const file of globSync('src/console/*.{js,css,html,svg}', { cwd: root }))
  cpSync(join(root, file), join(dist, file))

type Manifest = Readonly<{ bin: Record<string, string>; exports: Record<string, string | Record<string, string>> }>
const { bin, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
const promised = [bin, ...Object.values(exports)].flatMap(entry =>
  typeof entry === 'string' ? [entry] : Object.values(entry),
)
const missing = promised.filter(file => !existsSync(join(root, file)))
if (missing.length > 0) {
  console.error(`package.json promises what is not there: ${missing.join(', ')}`)
  process.exit(1)
}
