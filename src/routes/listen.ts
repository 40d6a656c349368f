import { chmod, lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import type { ListenOptions, Server } from 'node:net'

/**
 * As much as Linux allows unless told otherwise. With Node's 511 whoever comes in a greater burst waits a second to be let in, or gets
 * a reset.
 */
const backlog = 4_096

export type Place = Readonly<{ host: string; port: number; socket?: string | undefined }>

/**
 * Listens on the address, or on a Unix socket that its owner and group may open. A socket that a dead process left behind is
 * removed. Throws an Error of one sentence.
 */
export async function listen(server: Server, { host, port, socket }: Place): Promise<void> {
  if (socket === undefined) return begin(server, { host, port }, `${host}, port ${port}`)
  if (await isDead(socket)) await unlink(socket)
  await begin(server, { path: socket }, socket)
  await chmod(socket, 0o660)
}

async function begin(server: Server, options: ListenOptions, place: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ ...options, backlog }, resolve)
  try {
    await promise
  } catch (cause) {
    throw new Error(`Cannot listen on ${place}: ${reasonOf(cause as NodeJS.ErrnoException)}.`, { cause })
  }
  server.off('error', reject)
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'not permitted',
  ENOENT: 'no such folder',
  ENOTFOUND: 'no such host',
}
const reasonOf = ({ code = '', message }: NodeJS.ErrnoException): string => reasons[code] ?? message

/** Whether it is a socket on which nobody listens: only a refused connection proves that. */
async function isDead(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null)
  if (found?.isSocket() !== true) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = connect(path)
  probe.on('connect', () => resolve(false))
  probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  const dead = await promise
  probe.destroy()
  return dead
}

/** An address as it stands in a URL. */
export const hostAndPort = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
