import Bottleneck from 'bottleneck'

const portionMs = 50

/** Resolves when so many may go on: a twentieth of a second's worth of `perSecond` at a time. Not for requests: it costs a timer. */
export function paced(id: string, perSecond: number): (count: number) => Promise<void> {
  const portion = Math.max(1, Math.floor((perSecond * portionMs) / 1_000))
  const minTime = (portion * 1_000) / perSecond
  const limiter = new Bottleneck({ id: `sluice:${id}`, minTime, maxConcurrent: 1 })
  return async count => {
    for (let left = count; left > 0; left -= portion) await limiter.schedule(async () => {})
  }
}
