import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import type { Reply } from '../../src/call.ts'
import { unsent } from '../../src/call.ts'
import { Problem, problems } from '../../src/problem.ts'
import type { ProblemCode } from '../../src/problem.ts'
import type { Exchange } from '../../src/routes/exchange.ts'
import { problemBody, problemHead, replyBody, replyHead, timing } from '../../src/routes/respond.ts'
import { aCall } from '../help/call.ts'

const anExchange = (over: Record<string, unknown> = {}): Exchange =>
  ({ id: 'id-1', call: aCall(), wait: null, req: { method: 'GET' }, ...over }) as unknown as Exchange
const reply = (over: Partial<Reply> = {}): Reply => ({ status: 200, headers: [], body: Buffer.from('{}'), ...over })
const passes = new Set(['etag', 'location'])

const named = (head: readonly string[]): Record<string, string> => {
  const pairs: Record<string, string> = {}
  for (let at = 0; at < head.length; at += 2) pairs[head[at]!.toLowerCase()] = head[at + 1]!
  return pairs
}

test('a reply goes out with its type, the headers that may pass, and ours', () => {
  const headers = [
    ['content-type', 'application/json'],
    ['etag', '"1"'],
    ['x-inner', 'secret'],
    ['content-length', '99'],
    ['transfer-encoding', 'chunked'],
    ['sluice-outcome', 'not-sent'],
  ] as const
  const call = aCall({ progress: { ...unsent(), outcome: 'sent', sendings: 1, publishMs: 1.26, workerMs: 20 } })
  deepEqual(named(replyHead(anExchange({ call }), reply({ headers }), passes, 25)), {
    'content-type': 'application/json',
    'content-length': '2',
    etag: '"1"',
    'sluice-outcome': 'sent',
    'sluice-call-id': 'id-1',
    'server-timing': 'publish;dur=1.3, worker;dur=20.0, total;dur=25.0',
    'x-content-type-options': 'nosniff',
  })
})

test('what the gateway itself says of a reply passes every allow-list', () => {
  const answer = { ...reply({ headers: [['age', '9']] }), own: [['Age', '3']] as const }
  equal(named(replyHead(anExchange(), answer, passes, 0))['age'], '3')
})

test('bytes without a type have none, and may be looked at; the last of two types counts', () => {
  const { 'content-type': type, 'x-content-type-options': sniffing } = named(
    replyHead(anExchange(), reply(), passes, 0),
  )
  deepEqual([type, sniffing], [undefined, undefined])
  const headers = [
    ['content-type', 'a/b'],
    ['content-type', 'c/d'],
  ] as const
  equal(named(replyHead(anExchange(), reply({ headers }), passes, 0))['content-type'], 'c/d')
})

test('204, 205 and 304 have no body, and only 205 says so', () => {
  for (const status of [204, 205, 304]) {
    const bare = reply({ status })
    equal(replyBody(bare).length, 0)
    const head = named(replyHead(anExchange(), bare, passes, 0))
    equal(head['content-type'], undefined)
    equal(head['content-length'], status === 205 ? '0' : undefined)
  }
})

test('an empty reply to HEAD does not say what GET would send', () => {
  const head = named(replyHead(anExchange({ req: { method: 'HEAD' } }), reply({ body: Buffer.alloc(0) }), passes, 0))
  equal(head['content-length'], undefined)
})

test('what HTTP cannot carry is a bad reply', () => {
  const bad = (over: Partial<Reply>): void =>
    throws(() => replyHead(anExchange(), reply(over), passes, 0), { code: 'bad-reply', outcome: 'sent' })
  for (const status of [99, 100, 101, 199, 600, 200.5, Number.NaN, -1]) bad({ status })
  bad({ headers: [['location', '/a\r\nSet-Cookie: b=c']] })
  bad({ headers: [['content-type', 'a/b\0']] })
})

test('a header that does not pass may hold what it likes, one beyond latin1 goes as UTF-8', () => {
  replyHead(anExchange(), reply({ headers: [['x-inner', '\r\n']] }), passes, 0)
  const head = named(replyHead(anExchange(), reply({ headers: [['location', '/✓']] }), passes, 0))
  equal(Buffer.from(head['location'] ?? '', 'latin1').toString(), '/✓')
})

test('a quota stands on every answer, in whole seconds that are never too few', () => {
  const policy = { name: 'default', unit: 'requests', limit: 100, windowMs: 10_000 } as const
  const quota = [{ policy, remaining: 50.9, resetMs: 6_001 }]
  const call = aCall({ progress: { ...unsent(), quota } })
  for (const head of [
    named(replyHead(anExchange({ call }), reply(), passes, 0)),
    named(problemHead(anExchange({ call }), new Problem('rate-limited', 'x'), 'not-sent', 2, 0)),
  ]) {
    equal(head['ratelimit'], '"default";r=50;t=7')
    equal(head['ratelimit-policy'], '"default";q=100;w=10')
  }
})

test('a quota of several windows names each of them, and what is counted when it is not requests', () => {
  const quota = [
    { policy: { name: '1s', unit: 'requests', limit: 10, windowMs: 1_000 }, remaining: 3, resetMs: 700 },
    { policy: { name: '60s-bytes', unit: 'content-bytes', limit: 5_000, windowMs: 60_000 }, remaining: 9, resetMs: 1 },
  ] as const
  const call = aCall({ progress: { ...unsent(), quota } })
  const head = named(replyHead(anExchange({ call }), reply(), passes, 0))
  equal(head['ratelimit'], '"1s";r=3;t=1, "60s-bytes";r=9;t=1')
  equal(head['ratelimit-policy'], '"1s";q=10;w=1, "60s-bytes";q=5000;qu="content-bytes";w=60')
})

test('a wait that is honoured is said', () => {
  equal(named(replyHead(anExchange({ wait: 3 }), reply(), passes, 0))['preference-applied'], 'wait=3')
  const problem = new Problem('reply-timeout', 'x')
  equal(named(problemHead(anExchange({ wait: 3 }), problem, 'sent', 2, 0))['preference-applied'], 'wait=3')
})

test('Retry-After is in whole seconds, at least one, and stands on every 503', () => {
  const after = (code: ProblemCode, retryAfterMs?: number): string | undefined =>
    named(
      problemHead(
        anExchange(),
        new Problem(code, 'x', retryAfterMs === undefined ? {} : { retryAfterMs }),
        'not-sent',
        2,
        0,
      ),
    )['retry-after']
  equal(after('circuit-open', 4_001), '5')
  equal(after('rate-limited', 3), '1')
  equal(after('draining'), '1')
  equal(after('unknown-route'), undefined)
})

test('every problem of the catalogue is one of RFC 9457', () => {
  for (const code of Object.keys(problems) as ProblemCode[]) {
    const body = JSON.parse(problemBody('id-1', new Problem(code, 'The detail.'), 'in-doubt').toString()) as Record<
      string,
      unknown
    >
    const type = code === 'rate-limited' ? problems[code].type : `urn:sluice:problem:${code}`
    const expected = { type, title: problems[code].title, status: problems[code].status, detail: 'The detail.' }
    deepEqual(body, {
      ...expected,
      instance: 'urn:uuid:id-1',
      code,
      outcome: 'in-doubt',
      ...(code === 'rate-limited' && { 'violated-policies': ['default'] }),
    })
  }
})

test('a problem says who refused, for how long, what it allows and saw, and which quota', () => {
  const details = { policy: 'quota', retryAfterMs: 1_200.5, limit: 10, observed: 11, violated: ['orders'] }
  const problem = new Problem('rate-limited', 'x', details)
  const body = JSON.parse(problemBody('id-1', problem, 'not-sent').toString()) as Record<string, unknown>
  deepEqual([body['policy'], body['retryAfterMs'], body['violated-policies']], ['quota', 1_201, ['orders']])
  deepEqual([body['limit'], body['observed']], [10, 11])
})

test('no cause and no stack are in an answer', () => {
  const problem = Problem.from(new Error('canary'))
  const text = problemBody('id-1', problem, 'in-doubt').toString()
  equal(/canary|at |\.ts/.test(text), false)
})

test('the timing has one decimal and only what there was', () => {
  equal(timing(null, 0), 'total;dur=0.0')
  equal(
    timing({ ...unsent(), queueMs: 0.04, workerMs: 9.96 }, 1_234.56),
    'queue;dur=0.0, worker;dur=10.0, total;dur=1234.6',
  )
})
