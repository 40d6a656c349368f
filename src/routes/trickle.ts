import { after } from '../clock.ts'
import type { Outbound } from './outbound.ts'

const periodMs = 100

/** Writes a body at this many bytes a second, and calls back when the last piece is handed over; not at all once the client is gone. */
export function trickle(res: Outbound, body: Uint8Array, bytesPerSecond: number, done: () => void): void {
  const size = Math.max(1, Math.round((bytesPerSecond * periodMs) / 1_000))
  const waitMs = (size * 1_000) / bytesPerSecond
  const write = (at: number): void => {
    if (res.destroyed) return
    const end = at + size
    if (end < body.length) {
      res.write(body.subarray(at, end))
      alarm = after(waitMs, () => write(end))
    } else {
      res.end(body.subarray(at))
      done()
    }
  }
  let alarm = after(0, () => write(0))
  res.on('close', () => alarm.cancel())
}
