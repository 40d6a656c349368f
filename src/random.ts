import { randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(4_096)
let used = pool.length

/** So many random bytes as base64url. Filled many at once: asking the system for each costs ten times more. Throws RangeError above 4,096. */
export function randomText(bytes: number): string {
  if (bytes > pool.length) throw new RangeError(`${bytes} random bytes are asked for, and ${pool.length} is the most.`)
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('base64url', used - bytes, used)
}
