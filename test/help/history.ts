import { ok } from 'node:assert/strict'
import { pause } from '../../src/clock.ts'
import type { Ask } from './ask.ts'

/** One request with an Idempotency-Key as its client saw it: `ran` is which run of the command answered, null while one was in flight (409). */
export type Asked = Readonly<{ key: string; begun: number; ended: number; ran: string | null; replayed: boolean }>

/**
 * Why what clients saw of a key is no register that is written once, null where it is one (linearizability: Herlihy and Wing
 * 1990). The key is free, then taken, then answered for good. Its first answer tells in which time both happened; who was told
 * that it is in flight saw it taken, and who got the answer again saw it answered, each at some moment of the request.
 */
export function unlikeARegister(history: readonly Asked[]): string | null {
  for (const [key, all] of Map.groupBy(history, ({ key }) => key)) {
    const wrong = wrongOf(all)
    if (wrong !== null) return `${key}: ${wrong}`
  }
  return null
}

function wrongOf(all: readonly Asked[]): string | null {
  const answered = all.filter(({ ran }) => ran !== null)
  const [first, ...others] = answered.filter(({ replayed }) => !replayed)
  if (answered.length === 0) return null
  if (first === undefined) return 'an answer came again that was never given'
  if (others.length > 0) return `${others.length + 1} requests were the first`
  if (answered.some(({ ran }) => ran !== first.ran)) return 'not all got the same answer'
  const inFlight = all.filter(({ ran }) => ran === null)
  const again = answered.filter(({ replayed }) => replayed)
  const takenBy = Math.min(...inFlight.map(({ ended }) => ended))
  const answeredFrom = Math.max(first.begun, ...inFlight.map(({ begun }) => begun))
  const answeredBy = Math.min(first.ended, ...again.map(({ ended }) => ended))
  if (takenBy < first.begun) return 'it was in flight before its first request'
  if (answeredFrom > answeredBy) return 'it was in flight again after an answer, or answered before its first request'
  return null
}

/** Asks instances with keys, each some times at random moments and once more at the end. A busy machine may refuse some, which then saw nothing. */
export async function historyOf(
  instances: readonly Ask[],
  { keys, times, withinMs }: Readonly<{ keys: number; times: number; withinMs: number }>,
): Promise<readonly Asked[]> {
  const history: Asked[] = []
  const asking = async (n: number): Promise<void> => {
    await pause(n < keys * times ? Math.random() * withinMs : 0)
    const key = `key-${n % keys}`
    const begun = performance.now()
    const { status, text, headers, outcome } = await instances[Math.floor(Math.random() * instances.length)]!(
      '/orders',
      { body: { orderId: key, amount: 1 }, headers: { 'idempotency-key': `"${key}"` } },
    )
    if (status === 503 && outcome === 'not-sent') return
    ok(status === 201 || status === 409, text)
    const replayed = headers['idempotency-replayed'] === 'true'
    history.push({ key, begun, ended: performance.now(), ran: status === 409 ? null : text, replayed })
  }
  await Promise.all(Array.from({ length: keys * times }, (_, n) => asking(n)))
  await Promise.all(Array.from({ length: keys }, (_, n) => asking(keys * times + n)))
  return history
}
