// Loaded into the gateway's process before its own code: tells what cannot be seen from outside.
import { subscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { answering } from './child.ts'

/** In bytes, after collection. `outside` are buffers. */
export type Memory = Readonly<{ heap: number; outside: number; resident: number }>
/** When a connection was dialled, in epoch milliseconds. */
export type Dials = readonly number[]

const dials: number[] = []
subscribe('net.client.socket', () => dials.push(Date.now()))

async function memory(): Promise<Memory> {
  const { gc } = globalThis as { gc?: () => void }
  if (gc === undefined) throw new Error('The gateway was started without --expose-gc.')
  for (let i = 0; i < 4; i++) {
    gc()
    await setImmediate() // what was waiting to be finalized
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed, outside: external, resident: rss }
}

answering({ memory, dials: () => dials })
