import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const pom = join(import.meta.dirname, 'pom.xml')
const version = /<kafka\.version>(.+)</.exec(readFileSync(pom, 'utf8'))?.[1] ?? 'unknown'
export const cache = join(import.meta.dirname, '..', '..', '.kafka')
/** Where Kafka's jars are once they have been fetched. */
const folder = join(cache, `jars-${version}`)

export const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java'
/** The class path of everything that Kafka has: broker, tools and clients. */
export const classPath = join(folder, '*')

const leastJava = 17
let reason: string | null | undefined

/** Why no broker can be started here, as one line for people; null when one can. */
export function kafkaAvailable(): string | null {
  reason ??= missing()
  return reason
}

function missing(): string | null {
  const printed = spawnSync(java, ['-version'], { encoding: 'utf8' })
  const version = /version "(?:1\.)?(\d+)/.exec(printed.stderr ?? '')?.[1]
  if (version === undefined) return `Java is missing (${java} does not run): install Java ${leastJava} or newer.`
  if (Number(version) < leastJava) return `Java ${version} is too old: Kafka needs Java ${leastJava} or newer.`
  if (!existsSync(folder) && spawnSync('mvn', ['-version']).status !== 0)
    return 'Maven is missing: install it (the command mvn), it fetches the jars of Kafka once.'
  return null
}

/** Fetches the jars of the broker by Maven unless they are there. Throws when it cannot, with Maven's own words. */
export const fetchJars = (progress: (line: string) => void): Promise<void> =>
  fetchOnce({ pom, folder, what: `Kafka ${version} from Maven Central (54 MB, once)` }, progress)

/** The same for what another file of Maven names. */
export async function fetchOnce(
  { pom, folder, what }: Readonly<{ pom: string; folder: string; what: string }>,
  progress: (line: string) => void,
): Promise<void> {
  const missing = kafkaAvailable()
  if (missing !== null) throw new Error(missing)
  if (existsSync(folder)) return
  progress(`Fetching ${what} …`)
  mkdirSync(cache, { recursive: true })
  // into a folder of our own, then by one rename: two runs at once must not see half of it
  const partial = `${folder}.${process.pid}`
  const discard = (): void => rmSync(partial, { recursive: true, force: true })
  process.once('exit', discard)
  try {
    await maven(pom, ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`], progress)
    renameSync(partial, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    discard()
    process.off('exit', discard)
  }
}

async function maven(pom: string, goals: readonly string[], progress: (line: string) => void): Promise<void> {
  const child = spawn('mvn', ['-B', '-Dstyle.color=never', '-f', pom, ...goals], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = (): boolean => child.kill()
  process.once('exit', kill)
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', resolve)
  const errors: string[] = []
  createInterface(child.stderr).on('line', line => errors.push(line))
  let jars = 0
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('[ERROR]')) errors.push(line)
    if (/Downloaded from .*\.jar/.test(line) && ++jars % 25 === 0) progress(`  ${jars} jars`)
  }
  const status = await ended
  process.off('exit', kill)
  if (status !== 0) throw new Error(['Maven failed:', ...errors.slice(0, 5)].join('\n'))
}
