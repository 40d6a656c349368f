import { ok } from 'node:assert/strict'
import { pause } from '../../src/clock.ts'
import type { Ask } from './ask.ts'

/**
 * One request with an Idempotency-Key as its client saw it: `at` is the instance that it asked, `ran` which run of the command
 * answered, null while one was in flight (409).
 */
export type Asked = Readonly<{
  key: string
  at: number
  begun: number
  ended: number
  ran: string | null
  replayed: boolean
}>

/**
 * Why what clients saw of a key is no register that is written once, null where it is one. Who gets the key, and what everybody is
 * answered, is linearizable (Herlihy and Wing 1990): taken by one request, answered by that for good. That it is in flight is
 * said by what an instance has read of the log, where the answer comes a moment after its client has it: never before the first
 * request, and never by an instance that has given the answer again, as that it had from the log.
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
  const began = (asked: Asked): boolean => asked.ended >= first.begun
  const inFlight = all.filter(({ ran }) => ran === null)
  if (!inFlight.every(began)) return 'it was in flight before its first request'
  if (!answered.every(began)) return 'it was answered before its first request'
  for (const { at, ended } of answered.filter(({ replayed }) => replayed))
    if (inFlight.some(asked => asked.at === at && asked.begun > ended)) return 'it was in flight again after an answer'
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
    const at = Math.floor(Math.random() * instances.length)
    const begun = performance.now()
    const { status, text, headers, outcome } = await instances[at]!('/orders', {
      body: { orderId: key, amount: 1 },
      headers: { 'idempotency-key': `"${key}"` },
    })
    if (status === 503 && outcome === 'not-sent') return
    ok(status === 201 || status === 409, text)
    const replayed = headers['idempotency-replayed'] === 'true'
    history.push({ key, at, begun, ended: performance.now(), ran: status === 409 ? null : text, replayed })
  }
  await Promise.all(Array.from({ length: keys * times }, (_, n) => asking(n)))
  await Promise.all(Array.from({ length: keys }, (_, n) => asking(keys * times + n)))
  return history
}
