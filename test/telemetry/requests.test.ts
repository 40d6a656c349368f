import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import { events } from '../../src/events.ts'
import type { Happenings } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { openLog } from '../../src/telemetry/log.ts'
import type { Log } from '../../src/telemetry/log.ts'
import { aCall } from '../help/call.ts'

type Line = Readonly<Record<string, unknown>>

async function linesOf(log: Partial<Config['log']>, happen: (log: Log) => void): Promise<readonly Line[]> {
  const lines: string[] = []
  const opened = openLog(Config.parse({ log, routes: {} }), 'gw', { write: line => void lines.push(line) })
  happen(opened)
  await opened[Symbol.asyncDispose]()
  return lines.map(line => JSON.parse(line) as Line)
}
const finish = (over: Partial<Happenings['finished']> = {}): void =>
  events.finished.publish({
    call: aCall(),
    id: '1',
    route: 'place-order',
    method: 'POST',
    status: 201,
    outcome: 'sent',
    problem: null,
    ms: 10,
    clientGone: false,
    ...over,
  })

test('of successes a sample is written, of problems and slow ones each', async () => {
  const lines = await linesOf({ samplePercent: 10, slowMs: 500 }, () => {
    for (let n = 0; n < 1_000; n++) finish()
    finish({ status: 504, problem: new Problem('reply-timeout', 'x') })
    finish({ ms: 500 })
  })
  const plain = lines.filter(({ level }) => level === 'info').length
  ok(plain > 40 && plain < 200, `${plain} of 1,000`)
  deepEqual(
    lines.slice(plain).map(({ level, code, slow }) => [level, code, slow]),
    [
      ['warn', 'reply-timeout', undefined],
      ['warn', undefined, true],
    ],
  )
})

test('a slow line tells where the time went', async () => {
  const call = aCall()
  Object.assign(call.progress, { queueMs: 1, publishMs: 2, workerMs: 700 })
  const [line] = await linesOf({ slowMs: 500 }, () => finish({ call, ms: 703 }))
  deepEqual([line!['queueMs'], line!['publishMs'], line!['workerMs']], [1, 2, 700])
})

test('a thousand refusals of one reason are two lines, or as many as they are', async () => {
  const problem = new Problem('bulkhead-full', 'x', { policy: 'bulkhead' })
  const happen = (): void => {
    for (let n = 0; n < 1_000; n++) finish({ status: 503, problem })
  }
  const [first, sum, ...more] = await linesOf({}, happen)
  deepEqual([first!['msg'], sum!['msg'], sum!['count'], more.length], ['request', 'refused', 999, 0])
  equal((await linesOf({ refusals: 'each' }, happen)).length, 1_000)
})

test('the level changes at run time, from silent too', async () => {
  const lines = await linesOf({ level: 'silent' }, log => {
    finish()
    log.level = 'debug'
    finish()
    events.budgetSpent.publish({ topic: 'orders' })
    log.level = 'warn'
    finish()
  })
  deepEqual(
    lines.map(({ msg }) => msg),
    ['request', 'retry budget spent'],
  )
})
