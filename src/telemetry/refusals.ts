import { isoTime, wallClock } from '../clock.ts'
import type { EpochMs } from '../clock.ts'
import type { Happenings } from '../events.ts'
import type { Listeners } from './listen.ts'

type Refused = Happenings['refused']
/** A refusal for people: who refused whom, what it allows and saw, and when to come again; what was only observed was let through. */
export type ToldRefusal = Readonly<{
  at: string // RFC 3339
  policy: string
  route: string
  worker: string
  code: string
  detail: string
  limit: number | undefined
  observed: number | undefined
  retryAfterMs: number | undefined
  mode: 'enforce' | 'observe'
}>

const kept = 100

/** Remembers the last refusals, the newest first. Nothing is formatted before somebody looks. */
export class Refusals {
  readonly #ring: (Readonly<{ at: EpochMs; refused: Refused }> | undefined)[] = Array.from({ length: kept })
  #count = 0

  readonly listeners: Listeners = {
    refused: refused => void (this.#ring[this.#count++ % kept] = { at: wallClock(), refused }),
  }

  latest(): readonly ToldRefusal[] {
    const told: ToldRefusal[] = []
    for (let n = this.#count - 1; n >= Math.max(0, this.#count - kept); n--) {
      const entry = this.#ring[n % kept]
      if (entry !== undefined) told.push(tell(entry.at, entry.refused))
    }
    return told
  }
}

function tell(at: EpochMs, { policy, route, worker, problem, observed: letThrough }: Refused): ToldRefusal {
  const { code, message: detail, limit, observed, retryAfterMs } = problem
  const mode = letThrough ? 'observe' : 'enforce'
  return { at: isoTime(at), policy, route, worker, code, detail, limit, observed, retryAfterMs, mode }
}
