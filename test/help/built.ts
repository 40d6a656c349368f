import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { loudly } from './loud.ts'
import type { Recipe } from './recipes.ts'
import { until } from './until.ts'

const root = join(import.meta.dirname, '..', '..')
const cache = join(root, '.cache', 'peers')

/** The folder in which that example is built. Null where it cannot be, said loudly; with CI=true that throws. */
export async function built(name: string, recipe: Recipe): Promise<string | null> {
  try {
    return await builtOnce(name, recipe)
  } catch (error) {
    if (process.env.CI === 'true') throw error
    loudly(`WITHOUT ${name.toUpperCase()}: its worker is not tested. ${String(error)}`)
    return null
  }
}

/** Made once for all that its sources and its recipe say. */
async function builtOnce(name: string, recipe: Recipe): Promise<string> {
  const from = join(root, 'examples', name)
  const files = sourcesOf(from)
  const hash = createHash('sha256').update(JSON.stringify(recipe))
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(from, file)))
  const folder = join(cache, `${name}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  using _lock = await turn()
  if (existsSync(folder)) return folder
  for (const old of globSync(`${name}-*`, { cwd: cache })) rmSync(join(cache, old), { recursive: true, force: true })
  // into a folder of its own, then by one rename: what was interrupted is not taken for built
  const partial = `${folder}.partial`
  for (const file of files) cpSync(join(from, file), join(partial, file), { recursive: true })
  console.error(`Building examples/${name} …`)
  for (const step of recipe.steps) await played(name, step, partial)
  renameSync(partial, folder)
  return folder
}

/** What is not ignored by git: what others have built there does not count. */
function sourcesOf(folder: string): readonly string[] {
  const made = /^(target|dist|node_modules|venv|__pycache__)(\/|$)|\.md$/
  return globSync('**', { cwd: folder })
    .filter(file => !made.test(file) && statSync(join(folder, file)).isFile())
    .toSorted()
}

async function played(name: string, [program = '', ...args]: readonly string[], cwd: string): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed = (printed + chunk.toString()).slice(-16_384)))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} failed in examples/${name}:\n${printed}`)
}

/** One build at a time, over all processes: Maven's repository is not made for two. */
async function turn(): Promise<Disposable> {
  const lock = join(cache, 'lock')
  const taken = (): boolean => {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return true
    } catch {
      if (!isAlive(Number(read(lock)))) rmSync(lock, { force: true })
      return false
    }
  }
  await until('another build ends', taken, 600_000)
  return { [Symbol.dispose]: () => rmSync(lock, { force: true }) }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
