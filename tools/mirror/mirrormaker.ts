import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ended } from '../kafka/ended.ts'
import { cache, fetchOnce, java } from '../kafka/java.ts'

const pom = join(import.meta.dirname, 'pom.xml')
const version = /<kafka\.version>(.+)</.exec(readFileSync(pom, 'utf8'))?.[1] ?? 'unknown'
const folder = join(cache, `mirror-jars-${version}`)

/** Fetches MirrorMaker 2 by Maven unless it is there. Throws when it cannot, with Maven's own words. */
export const fetchMirror = (progress: (line: string) => void): Promise<void> =>
  fetchOnce({ pom, folder, what: `MirrorMaker 2 ${version} from Maven Central (35 MB, once)` }, progress)

export type MirrorMakerOptions = Readonly<{
  properties: string // path of its file
  log: string // path of what it prints
  env: Readonly<Record<string, string>> // that the properties name
  changed: () => void
}>

/** MirrorMaker 2 in a process of its own, to be killed and started again. What it has mirrored stands in the clusters. */
export class MirrorMaker {
  readonly #options: MirrorMakerOptions
  #child: ChildProcess | null = null

  constructor(options: MirrorMakerOptions) {
    this.#options = options
  }

  /** Of the process; null when it does not run. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** What it printed last. */
  get printed(): string {
    return readFileSync(this.#options.log, 'utf8').slice(-3_000)
  }

  /** Starts the process, without waiting for anything. */
  launch(): void {
    const { properties, log, env, changed } = this.#options
    const output = openSync(log, 'a')
    const quick = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
    const main = 'org.apache.kafka.connect.mirror.MirrorMaker'
    const child = spawn(java, [...quick, '-cp', join(folder, '*'), main, properties], {
      detached: true, // out of the terminal's group: who started it decides when it ends
      stdio: ['ignore', output, output],
      env: { ...process.env, ...env },
    })
    closeSync(output)
    child.unref()
    this.#child = child
    child.once('exit', () => {
      if (this.#child === child) this.#child = null
      changed()
    })
    changed()
  }

  /** Kills it at once. Resolves when the process is gone. */
  async kill9(): Promise<void> {
    if (this.#child !== null) await ended(this.#child, 'SIGKILL', 0)
  }
}
