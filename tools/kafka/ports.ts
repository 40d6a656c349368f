import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { host } from './properties.ts'
import type { Listener, Ports } from './properties.ts'

/** Chooses the ports of all nodes. With `first`, the plain listeners have that one and those after it; throws when one is taken. */
export async function choosePorts(
  nodes: number,
  listeners: readonly Listener[],
  first: number | undefined,
): Promise<readonly Ports[]> {
  const taken = new Set<number>()
  const choose = async (wanted: number | undefined): Promise<number> => {
    if (wanted !== undefined && !(await isFree(wanted))) throw new Error(`Port ${wanted} is taken.`)
    const port = wanted ?? (await freePort(taken))
    taken.add(port)
    return port
  }
  const all: Ports[] = []
  for (let i = 0; i < nodes; i++) {
    const ports: Partial<Record<Listener, number>> = {}
    for (const listener of listeners)
      ports[listener] = await choose(first !== undefined && listener === 'PLAINTEXT' ? first + i : undefined)
    all.push(ports)
  }
  return all
}

/**
 * A free port, below those that systems give to outgoing connections: a client that keeps dialling a stopped broker on one of
 * those can be given the broker's port as its own, and then talks to itself.
 */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(20_000, 30_000)
    if (!taken.has(port) && (await isFree(port))) return port
  }
  throw new Error(`No free port on ${host} between 20000 and 30000.`)
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
