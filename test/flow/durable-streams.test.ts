import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DurableStream, IdempotentProducer, stream } from '@durable-streams/client'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { openGateway } from '../help/gateway.ts'
import type { Scope } from '../help/scope.ts'

const route = {
  match: 'GET /v1/stream/:id',
  delivery: 'replayable',
  timeoutMs: 4_000,
  bodyBytes: 16_777_216,
  cors: { origins: ['*'] },
  stream: {
    topics: ['streams'],
    protocol: 'durable-streams',
    key: 'path.id',
    partitions: 3,
    contentType: 'application/octet-stream',
  },
}

async function running(
  t: Scope,
  broker = new MemoryBroker({ totalBytes: 256 * 1_048_576, bytes: 128 * 1_048_576, maxMessageBytes: 20_000_000 }),
) {
  const opened = await openGateway(t, { routes: { 'read-order': null, streams: route } }, { broker })
  await opened.gateway.ready
  return { ...opened, url: `${opened.gateway.url}/v1/stream` }
}

/** What a key of a topic cannot do, and what our paths say otherwise: docs/durable-streams.md has the reasons. */
const refused =
  /fork|ttl|expires-at|expir|\btime-to-live\b|soft-deleted|cascade|three levels|at each level|inherited|middle of chain|Location header on 201/i

test(
  'the published conformance suite passes, but for what docs/durable-streams.md names',
  { timeout: 240_000 },
  async t => {
    const { gateway } = await running(t)
    const folder = mkdtempSync(join(tmpdir(), 'sluice-conformance-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const root = join(import.meta.dirname, '..', 'conformance')
    const report = join(folder, 'report.json')
    const vitest = join(root, '..', '..', 'node_modules', 'vitest', 'vitest.mjs')
    const args = [vitest, 'run', '--root', root, '--testTimeout=20000', '--reporter=json', `--outputFile=${report}`]
    const env = { ...process.env, CONFORMANCE_URL: gateway.url, NODE_TEST_CONTEXT: undefined }
    await new Promise(resolve => execFile(process.execPath, args, { env }, resolve))
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
      testResults: { assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[]
    }
    const all = testResults.flatMap(({ assertionResults }) => assertionResults)
    const failed = all.filter(({ status }) => status === 'failed')
    t.diagnostic(
      `${all.filter(({ status }) => status === 'passed').length} pass, ${failed.length} are of what a topic cannot do`,
    )
    deepEqual(
      failed
        .filter(({ fullName }) => !refused.test(fullName))
        .map(({ fullName, failureMessages }) => [fullName, failureMessages[0]?.slice(0, 200)]),
      [],
    )
    ok(all.filter(({ status }) => status === 'passed').length > 225, `${all.length} tests`)
  },
)

test('the published client creates, appends, reads on and hears what comes, unchanged', async t => {
  const { url } = await running(t)
  const handle = await DurableStream.create({ url: `${url}/chat`, contentType: 'application/json' })
  await handle.append(JSON.stringify({ n: 1 }))
  const first = await stream<{ n: number }>({ url: `${url}/chat`, offset: '-1', live: false })
  deepEqual(await first.json(), [{ n: 1 }])
  const live = await stream<{ n: number }>({ url: `${url}/chat`, offset: first.offset, live: 'sse' })
  const heard = Promise.withResolvers<readonly { n: number }[]>()
  const stop = live.subscribeJson(async ({ items }) => void (items.length > 0 && heard.resolve(items)))
  await handle.append(JSON.stringify({ n: 2 }))
  deepEqual(await heard.promise, [{ n: 2 }])
  stop()
})

test('a producer that sends again is not doubled, also on another instance', async t => {
  const broker = new MemoryBroker()
  const [one, other] = [await running(t, broker), await running(t, broker)]
  const handle = await DurableStream.create({ url: `${one.url}/job`, contentType: 'application/json' })
  const producer = new IdempotentProducer(handle, 'worker-1')
  for (let n = 0; n < 50; n++) producer.append(JSON.stringify({ n }))
  await producer.flush()
  const headers = {
    'content-type': 'application/json',
    'producer-id': 'worker-2',
    'producer-epoch': '0',
    'producer-seq': '0',
  }
  const both = [one, other].map(({ url }) => fetch(`${url}/job`, { method: 'POST', headers, body: '{"n":50}' }))
  const statuses = (await Promise.all(both)).map(({ status }) => status)
  deepEqual(new Set(statuses), new Set([200, 204]), 'the log has decided whose was first')
  const read = await stream<{ n: number }>({ url: `${other.url}/job`, offset: '-1', live: false })
  deepEqual(
    (await read.json()).map(({ n }) => n),
    Array.from({ length: 51 }, (_, n) => n),
  )
})

test('records that somebody else writes are a stream of their key', async t => {
  const { url, broker } = await running(t)
  const key = Buffer.from('orders')
  const partition = broker.partitionFor('streams', key)
  const signal = new AbortController().signal
  await broker.publish({
    topic: 'streams',
    partition,
    key,
    value: Buffer.from('{"n":1}'),
    headers: [['content-type', Buffer.from('application/json')]],
    acks: 'all',
    signal,
  })
  const response = await fetch(`${url}/orders?offset=-1&live=long-poll`)
  equal(await response.text(), '[{"n":1}]')
})

test('an append that no broker confirms is answered at its deadline, in doubt', async t => {
  const { ask, broker } = await running(t)
  equal((await ask('/v1/stream/c', { method: 'PUT' })).status, 201)
  t.mock.method(broker, 'publish', () => new Promise(() => {}))
  const { status, outcome, ms } = await ask('/v1/stream/c', {
    headers: { 'content-type': 'application/octet-stream' },
    body: 'v',
  })
  deepEqual([status, outcome], [504, 'in-doubt'])
  ok(ms < 6_000, `${ms} ms`)
})

test('a long poll in which nothing comes is no failure', async t => {
  const { url } = await running(t)
  await fetch(`${url}/d`, { method: 'PUT' })
  const { status, headers } = await fetch(`${url}/d?offset=now&live=long-poll`)
  deepEqual([status, headers.get('stream-up-to-date')], [204, 'true'])
})

test('a time to live and forks are refused, with the reason', async t => {
  const { ask } = await running(t)
  for (const headers of [{ 'stream-ttl': '60' }, { 'stream-forked-from': '/v1/stream/a' }]) {
    const { status, code } = await ask('/v1/stream/b', { method: 'PUT', headers })
    deepEqual([status, code], [501, 'stream-unsupported'])
  }
})

test('an offset of a topic that was made anew is gone, however it is read, instead of leaving out what is before it', async t => {
  const headers = { 'content-type': 'text/plain' }
  const [old, anew] = [await running(t, new MemoryBroker()), await running(t, new MemoryBroker())]
  const appended = async ({ url }: typeof old, count: number): Promise<string> => {
    await fetch(`${url}/e`, { method: 'PUT', headers })
    for (let n = 0; n < count; n++) await fetch(`${url}/e`, { method: 'POST', headers, body: `${n}` })
    const { headers: said } = await fetch(`${url}/e`, { method: 'HEAD' })
    return said.get('stream-next-offset') ?? ''
  }
  const before = await appended(old, 2)
  const after = await appended(anew, 5)
  for (const live of ['', '&live=long-poll', '&live=sse']) {
    const response = await fetch(`${anew.url}/e?offset=${before}${live}`)
    equal(response.status, 410, live)
    equal(((await response.json()) as { code: string }).code, 'offset-gone')
  }
  equal(await (await fetch(`${anew.url}/e?offset=-1`)).text(), '01234')
  equal((await fetch(`${anew.url}/e?offset=${after}`)).status, 200)
})
