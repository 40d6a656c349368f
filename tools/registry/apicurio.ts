import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { java } from '../kafka/java.ts'
import { isFree } from '../kafka/ports.ts'
import { watchdog } from '../kafka/watchdog.ts'

export const version = '3.0.9' // the last one for Java 17
const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`
const cache = join(import.meta.dirname, '..', '..', '.cache', 'registry')
const folder = join(cache, `apicurio-${version}`)
const host = '127.0.0.1'
const startLimitMs = 120_000
const fetchLimitMs = 600_000

/** A running Apicurio Registry, in memory. It dies with this process, however that ends. */
export interface ApicurioRegistry extends AsyncDisposable {
  readonly url: string // of its own API
  readonly ccompatUrl: string // of the API that is compatible with Confluent's
}

/** Why none can be started here, as one line for people; null when one can. */
export function registryAvailable(): string | null {
  const printed = spawnSync(java, ['-version'], { encoding: 'utf8' }).stderr ?? ''
  const major = Number(/version "(\d+)/.exec(printed)?.[1] ?? 0)
  if (major < 17) return `Java 17 is missing (${java}).`
  if (!existsSync(folder) && spawnSync('mvn', ['-version']).status !== 0)
    return 'Maven is missing, which fetches it once.'
  return null
}

/** Fetches it from Maven Central unless it is there. Throws with Maven's own words. */
async function fetched(progress: (line: string) => void): Promise<void> {
  if (existsSync(folder)) return
  progress(`Fetching Apicurio Registry ${version} from Maven Central (109 MB, once) …`)
  mkdirSync(cache, { recursive: true })
  // into a folder of our own, then by one rename: two runs at once must not see half of it
  const partial = mkdtempSync(join(cache, 'partial-'))
  try {
    await run('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${partial}`])
    await run('tar', ['xzf', join(partial, `apicurio-registry-app-${version}-all.tar.gz`), '-C', partial])
    rmSync(join(partial, `apicurio-registry-app-${version}-all.tar.gz`))
    if (!existsSync(folder)) renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: fetchLimitMs })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (printed += String(piece)))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`${program} failed:\n${printed.split('\n').slice(0, 5).join('\n')}`)
}

/** Starts one, and resolves once it serves. Throws one line that says what is missing, or the end of its log. */
export async function startRegistry({
  port: wanted,
  progress = () => {},
}: Readonly<{ port?: number; progress?: (line: string) => void }> = {}): Promise<ApicurioRegistry> {
  const missing = registryAvailable()
  if (missing !== null) throw new Error(missing)
  await fetched(progress)
  const port = wanted ?? (await freePort())
  const place = mkdtempSync(join(tmpdir(), 'sluice-registry-'))
  const dog = watchdog(place)
  const log = openSync(join(place, 'log'), 'a')
  progress('Starting the registry …')
  const options = ['-Xmx512m', `-Dquarkus.http.host=${host}`, `-Dquarkus.http.port=${port}`]
  const jar = join(folder, `apicurio-registry-app-${version}-runner.jar`)
  const child = spawn(java, [...options, '-jar', jar], { cwd: folder, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  dog.watch(child.pid === undefined ? [] : [child.pid])
  const base = `http://${host}:${port}/apis`
  try {
    const end = Date.now() + startLimitMs
    while (!(await serves(`${base}/registry/v3/system/info`))) {
      if (child.exitCode !== null || Date.now() > end) {
        const last = readFileSync(join(place, 'log'), 'utf8').trimEnd().split('\n').slice(-8).join('\n')
        throw new Error(`The registry does not serve:\n${last}`)
      }
      await sleep(100)
    }
  } catch (error) {
    await dog.bite()
    throw error
  }
  return {
    url: `${base}/registry/v3`,
    ccompatUrl: `${base}/ccompat/v7`,
    [Symbol.asyncDispose]: () => dog.bite(),
  }
}

async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(20_000, 30_000)
    if (await isFree(port)) return port
  }
  throw new Error('No free port between 20000 and 30000.')
}

async function serves(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok
  } catch {
    return false
  }
}
