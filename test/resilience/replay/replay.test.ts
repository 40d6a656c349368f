import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { later } from '../../../src/clock.ts'
import type { Call, Reply } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import { replay } from '../../../src/resilience/replay/index.ts'
import type { Claims } from '../../../src/resilience/replay/index.ts'
import type { ReplayOptions } from '../../../src/resilience/replay/replay.ts'
import { aCall, anAnswer } from '../../help/call.ts'

type Claimed = Awaited<ReturnType<Claims['claim']>>
const won: Claimed = { kind: 'won', id: 'o-1', secret: 's' }

/** The policy before a service that does `work`, where a claim comes out like this. */
function keyed(
  claimed: (fingerprint: string) => Claimed,
  work: (call: Call) => Promise<Reply> = async () => anAnswer,
  over: Partial<ReplayOptions> = {},
) {
  const released: string[] = []
  const calls: Call[] = []
  const claims: Claims = {
    claim: async (_call, { fingerprint }) => claimed(fingerprint),
    release: async id => void released.push(id),
  }
  const options: ReplayOptions = { mode: 'enforce', key: 'optional', inFlight: 'conflict', windowMs: 60_000, ...over }
  const service = replay(
    claims,
    options,
  )(call => {
    calls.push(call)
    return work(call)
  })
  return { service, released, calls }
}

const held =
  (ending: Reply | Problem | null, fingerprint?: string) =>
  (same: string): Claimed => ({
    kind: 'held',
    fingerprint: fingerprint ?? same,
    holder: { ending: () => ending, wait: async () => ending, pending: () => ({ ...anAnswer, status: 202 }) },
  })
const sent = async (call: Call): Promise<Reply> => {
  call.progress.outcome = 'sent'
  return anAnswer
}

test('without a key a call goes on as it is', async () => {
  const { service, calls } = keyed(() => won)
  await service(aCall())
  equal(calls[0]?.claimed, undefined)
})

test('who has the key runs the command, with an identity made from the key', async () => {
  const { service, calls, released } = keyed(() => won, sent)
  await service(aCall({ repeat: 'k' }))
  await service(aCall({ repeat: 'k' }))
  deepEqual(calls[0]?.claimed, { id: 'o-1', secret: 's' })
  equal(calls[0]?.command, calls[1]?.command)
  deepEqual(released, [])
})

test('the key is freed when nothing was sent, and only then', async () => {
  const fails = (code: 'bulkhead-full' | 'publish-timeout' | 'reply-timeout') => async (): Promise<Reply> => {
    throw new Problem(code, 'x')
  }
  for (const [code, freed] of [
    ['bulkhead-full', ['o-1']],
    ['publish-timeout', []],
    ['reply-timeout', []],
  ] as const) {
    const { service, released } = keyed(() => won, fails(code))
    await rejects(service(aCall({ repeat: 'k' })), { code })
    deepEqual(released, freed, code)
  }
  const elsewhere = keyed(() => won) // a fallback answered, and nothing was sent
  await elsewhere.service(aCall({ repeat: 'k' }))
  deepEqual(elsewhere.released, ['o-1'])
})

test('a repetition gets the first answer, marked, and sends nothing', async () => {
  const { service, calls } = keyed(held({ ...anAnswer, status: 201 }))
  const call = aCall({ repeat: 'k' })
  const { status, own } = await service(call)
  deepEqual([status, own, calls.length, call.progress.outcome], [201, [['Idempotency-Replayed', 'true']], 0, 'sent'])
})

test('a repetition of what failed fails in the same way', async () => {
  const { service } = keyed(held(new Problem('bad-reply', 'x')))
  await rejects(service(aCall({ repeat: 'k' })), { code: 'bad-reply' })
})

test('another request with the key is refused, and told of the window', async () => {
  const { service } = keyed(held(anAnswer, 'other'))
  await rejects(service(aCall({ repeat: 'k' })), { code: 'key-reused', policy: 'replay', message: /60 s/ })
})

test('while the first runs a repetition is refused, or joins it, or takes the operation', async () => {
  await rejects(keyed(held(null)).service(aCall({ repeat: 'k' })), { code: 'key-in-flight', retryAfterMs: 1_000 })
  const joined = keyed(
    same => ({
      kind: 'held',
      fingerprint: same,
      holder: { ending: () => null, wait: async () => anAnswer, pending: () => anAnswer },
    }),
    sent,
    { inFlight: 'join' },
  )
  equal((await joined.service(aCall({ repeat: 'k' }))).status, 200)
  equal((await keyed(held(null)).service(aCall({ repeat: 'k', accepts: later(0) }))).status, 202)
})

test('a required key that is missing is refused, a derived one is made from the request', async () => {
  const required = keyed(() => won, sent, { key: 'required' })
  await rejects(required.service(aCall()), { code: 'key-missing' })
  const derived = keyed(() => won, sent, { key: 'derived' })
  await derived.service(aCall())
  equal(derived.calls[0]?.claimed?.id, 'o-1')
})

test('one that only observes lets all through', async () => {
  const { service, calls } = keyed(held(null), sent, { mode: 'observe', key: 'required' })
  await service(aCall())
  await service(aCall({ repeat: 'k' }))
  equal(calls.length, 2)
})
