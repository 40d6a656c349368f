import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Config } from '../../config/schema/index.ts'
import { events } from '../../src/events.ts'
import type { Happenings } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { openLog } from '../../src/telemetry/log.ts'
import { aCall } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'

type Line = Readonly<Record<string, unknown>>

const configured = (log: Partial<Config['log']> = {}): Config =>
  Config.parse({
    log,
    workers: { orders: { topic: 'orders.commands' } },
    routes: { 'place-order': { match: 'POST /orders', command: { to: 'orders' } } },
    broker: { sasl: { mechanism: 'plain', username: 'gateway', password: 'canary-password' } },
  })

const aFinish = (over: Partial<Happenings['finished']> = {}): Happenings['finished'] => ({
  call: aCall(),
  id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  route: 'place-order',
  method: 'POST',
  status: 201,
  outcome: 'sent',
  problem: null,
  ms: 12.3456,
  clientGone: false,
  ...over,
})

/** The lines written while `happen` runs. */
async function linesOf(options: Partial<Config['log']>, happen: () => void): Promise<Line[]> {
  const texts: string[] = []
  const log = openLog(configured(options), 'gw-1-9090', { write: text => texts.push(text) })
  happen()
  await log[Symbol.asyncDispose]()
  for (const text of texts) ok(text.indexOf('\n') === text.length - 1, 'one event, one line')
  return texts.map(text => JSON.parse(text) as Line)
}
const lineOf = async (options: Partial<Config['log']>, happen: () => void): Promise<Line> => {
  const lines = await linesOf(options, happen)
  equal(lines.length, 1)
  return lines[0]!
}

test('an answered request is one line', async t => {
  frozenClock(t)
  deepEqual(await lineOf({}, () => events.finished.publish(aFinish())), {
    level: 'info',
    time: 1_000_000,
    instance: 'gw-1-9090',
    route: 'place-order',
    method: 'POST',
    msg: 'request',
    callId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    status: 201,
    outcome: 'sent',
    ms: 12.35,
  })
})

test('a refused request names the problem, and a failure of ours is a warning', async () => {
  const problem = new Problem('bulkhead-full', 'Every slot of orders is taken.', { policy: 'bulkhead' })
  const line = await lineOf({}, () =>
    events.finished.publish(aFinish({ status: 503, outcome: 'not-sent', problem, clientGone: true })),
  )
  equal(line.level, 'warn')
  deepEqual(
    [line.status, line.outcome, line.code, line.policy, line.detail, line.clientGone, line.cause],
    [503, 'not-sent', 'bulkhead-full', 'bulkhead', 'Every slot of orders is taken.', true, undefined],
  )
})

test("the client's failures and the worker's are no warnings", async () => {
  const lines = await linesOf({}, () => {
    events.finished.publish(aFinish({ status: 429, problem: new Problem('rate-limited', 'Used up.') }))
    events.finished.publish(aFinish({ status: 499, problem: new Problem('client-gone', ''), clientGone: true }))
    events.finished.publish(aFinish({ status: 503 }))
  })
  deepEqual(
    lines.map(line => line.level),
    ['info', 'info', 'info'],
  )
})

test('an internal failure is an error with cause and frames', async () => {
  const line = await lineOf({}, () =>
    events.finished.publish(aFinish({ status: 500, problem: Problem.from(new RangeError('too far')) })),
  )
  equal(line.level, 'error')
  equal(line.cause, 'too far')
  match((line.stack as string[])[0]!, /log\.test\.ts/)
})

test('the cause of a failure of the brokers is told, that of others is not', async () => {
  const cause = new Error('connect ECONNREFUSED kafka-1:9092')
  const lines = await linesOf({}, () => {
    events.finished.publish(aFinish({ problem: new Problem('broker-unavailable', 'x', { cause }) }))
    events.finished.publish(aFinish({ problem: new Problem('bad-reply', 'x', { cause }) }))
    events.finished.publish(aFinish({ problem: new Problem('invalid-request', 'x', { cause }) }))
  })
  deepEqual(
    lines.map(line => line.cause),
    [cause.message, undefined, undefined],
  )
})

test('of a path without a route only the method is told', async () => {
  const problem = new Problem('unknown-route', 'No such path.')
  const line = await lineOf({}, () =>
    events.finished.publish(aFinish({ call: null, route: '/canary', method: 'DE"LETE', status: 404, problem })),
  )
  equal(line.route, 'none')
  equal(line.method, 'DE"LETE')
  ok(!JSON.stringify(line).includes('canary'))
})

test('another method of a route is told as it is', async () => {
  const line = await lineOf({}, () => events.finished.publish(aFinish({ method: 'HEAD' })))
  deepEqual([line.route, line.method], ['place-order', 'HEAD'])
})

test('without request lines an internal failure still has one', async () => {
  const lines = await linesOf({ requests: false }, () => {
    events.finished.publish(aFinish())
    events.finished.publish(aFinish({ status: 503, problem: new Problem('draining', '') }))
    events.finished.publish(aFinish({ status: 500, problem: Problem.from(new Error('defect')) }))
  })
  deepEqual(
    lines.map(line => line.level),
    ['error'],
  )
})

const problem = new Problem('broker-unavailable', 'Nobody answers.', { cause: new Error('ECONNREFUSED') })
const told: readonly [what: string, publish: () => void, line: Line][] = [
  [
    'a circuit that opens',
    () => events.circuit.publish({ circuit: 'orders', from: 'closed', to: 'open', reason: '5 in a row' }),
    { level: 'warn', msg: 'circuit', circuit: 'orders', from: 'closed', to: 'open', reason: '5 in a row' },
  ],
  [
    'a circuit that closes',
    () => events.circuit.publish({ circuit: 'orders', from: 'half-open', to: 'closed', reason: '' }),
    { level: 'info', msg: 'circuit', to: 'closed' },
  ],
  [
    'a circuit that an operator holds',
    () => events.forced.publish({ circuit: 'orders', forced: 'open' }),
    { level: 'warn', msg: 'circuit forced', circuit: 'orders', forced: 'open' },
  ],
  [
    'a circuit that is let go',
    () => events.forced.publish({ circuit: 'orders', forced: null }),
    { level: 'info', msg: 'circuit forced', circuit: 'orders', forced: null },
  ],
  [
    'a circuit that probes',
    () => events.circuit.publish({ circuit: 'orders', from: 'open', to: 'half-open', reason: '' }),
    { level: 'debug', msg: 'circuit', to: 'half-open' },
  ],
  [
    'a process that suffers',
    () => events.overload.publish({ shedding: true, detail: 'The process is late.' }),
    { level: 'warn', msg: 'overload', shedding: true, detail: 'The process is late.' },
  ],
  [
    'a process that has recovered',
    () => events.overload.publish({ shedding: false, detail: '' }),
    { level: 'info', msg: 'overload', shedding: false },
  ],
  [
    'a broker that is down',
    () => events.broker.publish({ state: 'down', reason: 'ECONNREFUSED' }),
    { level: 'warn', msg: 'broker', state: 'down', reason: 'ECONNREFUSED' },
  ],
  [
    'a Redis that is down',
    () => events.redis.publish({ state: 'down', reason: 'ECONNREFUSED' }),
    { level: 'warn', msg: 'redis', state: 'down', reason: 'ECONNREFUSED' },
  ],
  [
    'a broker that is ready',
    () => events.broker.publish({ state: 'ready', reason: '' }),
    { level: 'info', msg: 'broker', state: 'ready' },
  ],
  [
    'a batch that was skipped',
    () =>
      events.reader.publish({
        topic: 'gateway.replies',
        partition: 3,
        kind: 'skipped',
        reason: 'zstd',
        offset: 9_007_199_254_740_993n,
      }),
    { level: 'warn', msg: 'reader', partition: 3, kind: 'skipped', offset: '9007199254740993', reason: 'zstd' },
  ],
  [
    'a stage of life',
    () => events.lifecycle.publish({ kind: 'listening', detail: 'http://0.0.0.0:8080' }),
    { level: 'info', msg: 'lifecycle', kind: 'listening', detail: 'http://0.0.0.0:8080' },
  ],
  [
    'a warning',
    () => events.warning.publish({ what: 'The lease failed.', cause: new Error('late') }),
    { level: 'warn', msg: 'warning', what: 'The lease failed.', cause: 'late' },
  ],
  [
    'a refusal',
    () =>
      events.refused.publish({
        policy: 'quota',
        route: 'place-order',
        worker: 'orders',
        problem: new Problem('rate-limited', 'Too many.'),
        observed: true,
      }),
    { level: 'debug', msg: 'refused', policy: 'quota', route: 'place-order', code: 'rate-limited', observed: true },
  ],
  [
    'a fault',
    () => events.fault.publish({ kind: 'delay', rule: 'slow', route: 'find', worker: 'orders', observed: false }),
    { level: 'debug', msg: 'fault', kind: 'delay', rule: 'slow', route: 'find' },
  ],
  [
    'a rule of faults',
    () =>
      events.faultRule.publish({
        state: 'begun',
        rule: 'slow',
        kind: 'delay',
        percent: 5,
        route: null,
        worker: 'orders',
        forMs: 1_000,
      }),
    { level: 'warn', msg: 'fault rule', state: 'begun', rule: 'slow', kind: 'delay', percent: 5, worker: 'orders' },
  ],
  [
    'a command sent again',
    () => events.repeated.publish({ worker: 'orders', route: 'find', kind: 'hedge', observed: false }),
    { level: 'debug', msg: 'repeated', route: 'find', kind: 'hedge' },
  ],
  [
    'a repetition',
    () => events.retried.publish({ topic: 'orders.commands', attempt: 2, delayMs: 33.3, problem, observed: false }),
    { level: 'debug', msg: 'retried', topic: 'orders.commands', attempt: 2, delayMs: 33, cause: 'ECONNREFUSED' },
  ],
  [
    'a budget that is spent',
    () => events.budgetSpent.publish({ topic: 'orders.commands' }),
    { level: 'debug', msg: 'retry budget spent', topic: 'orders.commands' },
  ],
  [
    'a reply that was dropped',
    () => events.reply.publish({ class: 'forged', worker: null, ms: null }),
    { level: 'debug', msg: 'reply dropped', class: 'forged' },
  ],
  [
    'records that failed',
    () => events.produced.publish({ records: 12, bytes: 3_000, ms: 1.4, failed: 2 }),
    { level: 'debug', msg: 'records failed', records: 12, bytes: 3_000, ms: 1, failed: 2 },
  ],
]
for (const [what, publish, expected] of told)
  test(`${what} is a line at ${String(expected.level)}`, async () => {
    const line = await lineOf({ level: 'debug' }, publish)
    deepEqual(Object.fromEntries(Object.keys(expected).map(name => [name, line[name]])), expected)
    const level = expected.level === 'debug' ? 'info' : expected.level === 'info' ? 'warn' : 'error'
    deepEqual(await linesOf({ level }, publish), [], 'the level filters it')
  })

test('the level filters requests', async () => {
  const happen = (): void => {
    events.finished.publish(aFinish())
    events.finished.publish(aFinish({ status: 503, problem: new Problem('draining', '') }))
    events.finished.publish(aFinish({ status: 500, problem: Problem.from(new Error('defect')) }))
  }
  const counts = await Promise.all(
    (['debug', 'warn', 'error', 'fatal', 'silent'] as const).map(
      async level => (await linesOf({ level }, happen)).length,
    ),
  )
  deepEqual(counts, [3, 2, 1, 0, 0])
})

test('answers, replies and batches are no lines, even at debug', async () => {
  const lines = await linesOf({ level: 'debug' }, () => {
    events.reply.publish({ class: 'answered', worker: 'orders', ms: 3 })
    events.produced.publish({ records: 1, bytes: 100, ms: 1, failed: 0 })
    events.occupied.publish({ worker: 'orders', inFlight: 1, waiting: 0 })
  })
  deepEqual(lines, [])
})

test('nobody listens to what the level hides, nor after the end', async () => {
  const log = openLog(configured(), 'gw', { write: () => {} })
  equal(events.finished.hasSubscribers, true)
  equal(events.refused.hasSubscribers, false)
  await log[Symbol.asyncDispose]()
  equal(events.finished.hasSubscribers, false)
  equal(events.warning.hasSubscribers, false)
})

test('nothing secret is in any line', async () => {
  const told = {
    method: 'POST',
    path: '/orders/canary-path',
    query: 'token=canary-query',
    params: [['id', 'canary-param']] as const,
    headers: [['authorization', 'canary-header']] as const,
    contentType: 'canary-type',
    trace: [['baggage', 'canary-trace']] as const,
  }
  const call = aCall({
    client: 'canary-client',
    priority: 'normal',
    key: Buffer.from('canary-key'),
    body: Buffer.from('canary-body'),
    told,
  })
  const quoting = (() => {
    try {
      return JSON.parse('canary-json')
    } catch (error) {
      return error
    }
  })()
  const leaky = new Error('login with canary-password refused')
  const lines = await linesOf({ level: 'trace' }, () => {
    for (const cause of [quoting, leaky, { authorization: 'canary-object' }])
      for (const code of ['internal', 'broker-unavailable', 'invalid-request', 'bad-reply'] as const) {
        const problem = new Problem(code, 'canary-password', { cause })
        events.finished.publish(aFinish({ call, problem }))
        events.retried.publish({ topic: 'orders.commands', attempt: 1, delayMs: 1, problem, observed: false })
        events.warning.publish({ what: 'canary-password', cause })
      }
    events.finished.publish(aFinish({ call, route: '/canary-path', problem: new Problem('unknown-route', 'x') }))
    events.circuit.publish({ circuit: 'orders', from: 'closed', to: 'open', reason: 'canary-password' })
    events.broker.publish({ state: 'down', reason: 'canary-password' })
    events.lifecycle.publish({ kind: 'unready', detail: 'canary-password' })
    events.reader.publish({ topic: 'r', partition: 0, kind: 'failed', reason: 'canary-password', offset: null })
  })
  ok(lines.length > 30)
  ok(
    !JSON.stringify(lines).includes('canary'),
    JSON.stringify(lines.find(line => JSON.stringify(line).includes('canary'))),
  )
})

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'log')
}

test('with a file the lines are in it once the log is closed', async t => {
  const file = temporary(t)
  const log = openLog(configured({ file }), 'gw-1-9090')
  for (let i = 0; i < 1_000; i++) events.finished.publish(aFinish({ status: 200 + (i % 2) }))
  await log[Symbol.asyncDispose]()
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  equal(lines.length, 1_000)
  equal((JSON.parse(lines[999]!) as Line).status, 201)
  equal(log.lost, 0)
})

test('lines that a full disk took are counted', async () => {
  const log = openLog(configured({ file: '/dev/full' }), 'gw-1-9090')
  for (let i = 0; i < 1_000; i++) events.finished.publish(aFinish())
  await log[Symbol.asyncDispose]()
  equal(log.lost, 1_000)
})

test('standard output gets JSON, and a terminal what people read', () => {
  const url = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url))
  const run = (terminal: boolean): string =>
    execFileSync(process.execPath, [
      '--input-type=module-typescript',
      '-e',
      `import { openLog } from ${url('telemetry/log.ts')}
       import { events } from ${url('events.ts')}
       process.stdout.isTTY = ${terminal}
       openLog({ log: { level: 'info', requests: true }, routes: {} }, 'gw')
       events.lifecycle.publish({ kind: 'ready', detail: '' })`,
    ]).toString()
  equal((JSON.parse(run(false)) as Line).msg, 'lifecycle')
  match(run(true), /INFO.*lifecycle/)
})

test('a group that has nobody, and a partition that does not answer, are warned of; good news are told', async () => {
  const group = { worker: 'orders', group: 'workers', reason: '0 members' } as const
  const partition = { worker: 'orders', partition: 3, bad: 1, reason: '5 silences' } as const
  const lines = await linesOf({}, () => {
    events.group.publish({ ...group, from: 'present', to: 'absent' })
    events.group.publish({ ...group, from: 'absent', to: 'rebalancing' })
    events.group.publish({ ...group, from: 'rebalancing', to: 'present' })
    events.group.publish({ ...group, from: 'absent', to: 'present' })
    events.partition.publish({ ...partition, to: 'bad' })
    events.partition.publish({ ...partition, to: 'good' })
  })
  deepEqual(
    lines.map(({ level, msg, to }) => [level, msg, to]),
    [
      ['warn', 'group', 'absent'],
      ['info', 'group', 'present'],
      ['warn', 'partition', 'bad'],
      ['info', 'partition', 'good'],
    ],
  )
  equal(lines[2]!['partition'], 3)
})
