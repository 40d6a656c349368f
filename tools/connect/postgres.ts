import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { host } from '../kafka/properties.ts'
import { Session } from './session.ts'

const run = promisify(execFile)
const versions = '/usr/lib/postgresql' // where Debian has them, which are on no PATH
const startLimitMs = 30_000
const statementMs = 60_000

/** The folder of PostgreSQL's programs; null where there are none. */
export function postgresPrograms(): string | null {
  const found = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : []
  return found.map(version => join(versions, version, 'bin')).find(bin => existsSync(join(bin, 'postgres'))) ?? null
}

/** A PostgreSQL of its own, whose log can be read by replication. Its data need not outlive it, so that nothing waits for a disk. */
export class Postgres {
  readonly port: number
  readonly child: ChildProcess
  readonly #bin: string

  private constructor(bin: string, port: number, child: ChildProcess) {
    this.#bin = bin
    this.port = port
    this.child = child
  }

  /** Resolves once it answers. Throws what its log says. */
  static async start(folder: string, port: number): Promise<Postgres> {
    const bin = postgresPrograms()
    if (bin === null) throw new Error('PostgreSQL is missing: install it (on Debian: apt-get install postgresql).')
    const data = join(folder, 'postgres')
    mkdirSync(data)
    const who = await otherThanRoot()
    if (who.uid !== undefined) chownSync(data, who.uid, who.gid ?? who.uid)
    if (who.uid !== undefined) chmodSync(folder, 0o711) // that it finds its own
    const log = join(data, 'log')
    await run(join(bin, 'initdb'), ['-D', join(data, 'db'), '-U', 'sluice', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
      ...who,
      cwd: data,
    })
    const settings = { listen_addresses: host, port, unix_socket_directories: data, wal_level: 'logical', fsync: 'off' }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    writeFileSync(log, '')
    const child = spawn(join(bin, 'postgres'), ['-D', join(data, 'db'), ...options], {
      ...who,
      cwd: data,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
    child.unref()
    const postgres = new Postgres(bin, port, child)
    for (const end = Date.now() + startLimitMs; Date.now() < end; await sleep(100)) {
      if (child.exitCode !== null) break
      if (
        await postgres.sql('select 1').then(
          () => true,
          () => false,
        )
      )
        return postgres
    }
    throw new Error(`PostgreSQL does not serve:\n${said}`)
  }

  /** Runs statements; what they select is a line for each row. */
  async sql(text: string): Promise<string> {
    const [program, ...where] = this.#psql
    const quiet = ['-X', '-q', '-t', '-A', '-v', 'ON_ERROR_STOP=1']
    const { stdout } = await run(program, [...quiet, ...where, '-c', text], { timeout: statementMs })
    return stdout.trim()
  }

  /** For many statements in their order. */
  session(): Session {
    return new Session(this.#psql)
  }

  get #psql(): readonly [program: string, ...where: string[]] {
    return [join(this.#bin, 'psql'), '-h', host, '-p', `${this.port}`, '-U', 'sluice', '-d', 'postgres']
  }
}

/** PostgreSQL does not run as root: then as its own user, whom the package has made. */
async function otherThanRoot(): Promise<Readonly<{ uid?: number; gid?: number }>> {
  if (process.getuid?.() !== 0) return {}
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find(user => user.startsWith('postgres:'))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined)
    throw new Error('PostgreSQL does not run as root, and there is no user postgres.')
  return { uid: Number(uid), gid: Number(gid) }
}
