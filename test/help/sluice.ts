import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Scope } from './scope.ts'
import { until } from './until.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** The command line as a process of its own. */
export interface Sluice {
  readonly pid: number
  readonly out: string
  readonly err: string
  /** What it has logged so far. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** Null while it runs, and when a signal ended it. */
  readonly code: number | null
  /** Resolves with the exit code, null when a signal ended it. */
  readonly ended: Promise<number | null>
  /** Where it listens, once it does. */
  places(): Promise<Readonly<{ url: string; admin: string }>>
  kill(signal: NodeJS.Signals): void
}

/** Runs `sluice ARGS`; killed with the test at the latest. */
export function sluice(t: Scope, args: readonly string[], env: NodeJS.ProcessEnv = {}): Sluice {
  const { KAFKA_BROKERS: _, ...others } = process.env
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...others, NODE_NO_WARNINGS: undefined, ...env },
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', chunk => (out += chunk))
  child.stderr.setEncoding('utf8').on('data', chunk => (err += chunk))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const lines = (): Readonly<Record<string, unknown>>[] =>
    out
      .split('\n')
      .filter(line => line.startsWith('{') && line.endsWith('}'))
      .map(line => JSON.parse(line) as Record<string, unknown>)
  return {
    pid: child.pid ?? 0,
    get out() {
      return out
    },
    get err() {
      return err
    },
    get lines() {
      return lines()
    },
    get code() {
      return child.exitCode
    },
    ended,
    places: () =>
      until(
        'it listens',
        () => {
          if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${err}`)
          const detail = lines().find(({ kind }) => kind === 'listening')?.['detail']
          const [, address, admin] = /^(.*), admin (.*)$/.exec(String(detail)) ?? []
          return address === undefined || admin === undefined
            ? null
            : {
                url: address.startsWith('/') ? `unix:${address}` : `http://${address}`.replace('0.0.0.0', '127.0.0.1'),
                admin: `http://${admin}`,
              }
        },
        30_000,
      ),
    kill: signal => void child.kill(signal),
  }
}

/** What a test sets on the command line: free ports. */
export const freePorts = ['--set', 'server.host=127.0.0.1', '--set', 'server.port=0', '--set', 'admin.port=0'] as const

/** A port that nobody listens on at present. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
