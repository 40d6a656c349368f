import Bottleneck from 'bottleneck'
import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'

/**
 * What a lease brought: how many of the tokens asked for, and how many are left. `anew`: what was spent before is forgotten.
 * `refilled`: the window has begun with it.
 */
export type Leased = Readonly<{ granted: number; left: number; anew?: boolean; refilled?: boolean }>

/** Where a total is kept: in this process, or in a Redis that all instances share. */
export interface Reservoir {
  /** Takes up to `tokens`, at once: what is not there is not waited for; none only looks. May fail, or be late. */
  lease(tokens: number): Promise<Leased>
  /** Puts back what was leased and not spent. Never fails: what cannot be put back is lost until the next refill. */
  giveBack(tokens: number): Promise<void>
}

export type ReservoirOptions = Readonly<{ name: string; requests: number; windowMs: number }>

/** The longest pause between two attempts to reach a reservoir that is away: by then everybody has noticed that it is back. */
export const longestPauseMs = 1_200

/** What `left` tokens after taking `tokens` mean: a reservoir may be overdrawn, and then less was granted. */
export const granted = (tokens: number, left: number): Leased => ({
  granted: Math.max(0, Math.min(tokens, tokens + left)),
  left: Math.max(0, left),
})

/** Takes them, were there as many or not: what is overdrawn is whole again at the refill. Resolves with what is left. */
export async function taken(limiter: Bottleneck, tokens: number): Promise<number> {
  // only to look wakes nobody
  const left = await (tokens === 0 ? limiter.currentReservoir() : limiter.incrementReservoir(-tokens))
  return left ?? 0
}

/**
 * A reservoir in this process. Taking costs a turn of the timers: enough for portions, and never for calls. Each window gets
 * a limiter when it is first asked for something: the heartbeat with which Bottleneck refills would wake an idle process as
 * often as a refill may not be late.
 */
export function reservoirHere({ name, requests, windowMs }: ReservoirOptions): Reservoir {
  const full = (): Bottleneck => new Bottleneck({ id: `sluice:${name}`, reservoir: requests })
  let [began, limiter] = [now(), full()]
  const current = (): Bottleneck => {
    const windows = Math.floor(since(began) / windowMs)
    if (windows >= 1) [began, limiter] = [(began + windows * windowMs) as Instant, full()]
    return limiter
  }
  return {
    lease: async tokens => granted(tokens, await taken(current(), tokens)),
    giveBack: async tokens => void (await taken(current(), -tokens)),
  }
}
