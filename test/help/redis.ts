import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before } from 'node:test'
import { freePort } from './sluice.ts'
import { loudly } from './loud.ts'
import type { Scope } from './scope.ts'
import { until } from './until.ts'

export type Redis = Readonly<{
  skip: string | false // to be passed on: test('…', { skip: redis.skip }, …)
  url: string // only inside a test
}>

/** A Redis that a test may hold, kill and start again, empty, at the same address. */
export interface OwnRedis {
  readonly url: string
  readonly pid: number
  hold(): void
  goOn(): void
  kill(): Promise<void>
  start(): Promise<void>
}

/** A Redis for the test file in which it is called: REDIS_URL, else one of its own. Others may use it: take fresh names. */
export function useRedis(): Redis {
  const given = process.env['REDIS_URL']
  if (given) return { skip: false, url: given }
  const skip = withoutRedis()
  let url = ''
  const held = new AsyncDisposableStack()
  if (skip === false) {
    before(async () => ({ url } = await startRedis({ after: end => held.defer(end) })))
    after(() => held.disposeAsync())
  }
  return {
    skip,
    get url() {
      return url
    },
  }
}

/** Why tests that start Redis are skipped, said loudly; false when they run. With CI=true they always run, and then fail. */
export function withoutRedis(): string | false {
  if (process.env['CI'] === 'true' || spawnSync('redis-server', ['--version']).status === 0) return false
  const reason = 'There is no redis-server; in Debian: apt-get install redis-server.'
  loudly(`WITHOUT REDIS: every test on a real Redis is skipped. ${reason}`)
  return reason
}

/** Starts a Redis that keeps nothing on disk; gone with the test. */
export async function startRedis(t: Scope): Promise<OwnRedis> {
  const port = await freePort()
  const args = ['--port', `${port}`, '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1']
  let child: ChildProcess | null = null
  const kill = async (): Promise<void> => {
    if (child === null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    child = null
    await gone
  }
  t.after(kill)
  const server: OwnRedis = {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0
    },
    hold: () => void child?.kill('SIGSTOP'),
    goOn: () => void child?.kill('SIGCONT'),
    kill,
    start: async () => {
      child = spawn('redis-server', args, { stdio: 'ignore' })
      await Promise.race([
        once(child, 'spawn').then(() => until('Redis answers', () => answers(port))),
        once(child, 'error').then(([error]) => Promise.reject(error as Error)),
      ])
    },
  }
  await server.start()
  return server
}

/** Sends one command as a person would type it; resolves with what comes back first. */
export const command = (url: string, line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${line}\r\n`))
    socket.once('data', data => {
      socket.destroy()
      resolve(data.toString())
    })
    socket.once('error', reject)
  })

const answers = (port: number): Promise<boolean> =>
  command(`redis://127.0.0.1:${port}`, 'PING').then(
    answer => answer.startsWith('+PONG'),
    () => false,
  )
