import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Result } from '../../src/lab/result.ts'
import { folder } from '../help/folder.ts'
import { sluice } from '../help/sluice.ts'
import { until } from '../help/until.ts'

const scenario = `title: The workers stand still for a second
clients:
  shoppers: { load: [{ forMs: 4000, perSecond: 40 }], patienceMs: 3000 }
warmMs: 0
workers: { members: 1, concurrency: 5, serviceMs: 10 }
faults: [{ name: still, atMs: 1500, forMs: 1000, freeze: all }]
`
const played = (dir: string): readonly Result[] =>
  JSON.parse(readFileSync(join(dir, 'report', 's.json'), 'utf8')) as Result[]

test('a scenario is played on the embedded broker, judged and reported', { timeout: 60_000 }, async t => {
  const dir = folder(t)
  writeFileSync(
    join(dir, 's.yaml'),
    `${scenario}objectives: [{ answeredPercent: 60 }, { during: still, p50Ms: 100 }]\n`,
  )
  const { out, code } = await ended(sluice(t, ['lab', join(dir, 's.yaml'), '--out', join(dir, 'report')]))
  equal(code, 1, out)
  match(out, /FAILS {2}half of the answers within during still/)
  match(out, /holds {2}answered, and not in the topic +0/)
  const [result] = played(dir)
  ok(result !== undefined && result.totals.asked > 100 && result.totals.asked < 230, String(result?.totals.asked))
  equal(
    Object.values(result.totals.fates).reduce((a, b) => a + b),
    result.totals.sent,
    'every sending has an end',
  )
  ok(result.totals.executed >= result.totals.answered)
  deepEqual(
    result.ledger.filter(({ holds }) => holds === false),
    [],
  )
  match(readFileSync(join(dir, 'report', 's.html'), 'utf8'), /^<!doctype html>[^]*all workers stand still/)
  match(readFileSync(join(dir, 'report', 's.xml'), 'utf8'), /failures="1"/)
  const twice = join(dir, 'report', 's.json')
  const compared = await ended(sluice(t, ['lab', 'compare', twice, twice, '--out', join(dir, 'report')]))
  match(compared.out, /s: [\d.]+ % answered, p99 [\d.]+ ms\ns: /)
  match(readFileSync(join(dir, 'report', 'compare.html'), 'utf8'), /Side by side/)
  equal((await ended(sluice(t, ['lab', 'compare', twice, join(dir, 's.yaml')]))).code, 2)
})

test('a wrong scenario starts nothing and ends with 2', { timeout: 30_000 }, async t => {
  const { err, code } = await ended(sluice(t, ['lab', 'run', 'test/config/scenario/ten-mistakes.yaml']))
  equal(code, 2)
  equal(err.split('\n').filter(line => line.startsWith('test/config/scenario/ten-mistakes.yaml:')).length, 10, err)
})

test('a target that the scenario does not name is refused', { timeout: 30_000 }, async t => {
  const dir = folder(t)
  const file = join(dir, 's.yaml')
  const answers = createServer((_req, res) => void res.end('{}')).listen(0, '127.0.0.1')
  t.after(() => answers.close())
  await once(answers, 'listening')
  const url = `http://127.0.0.1:${(answers.address() as AddressInfo).port}`
  writeFileSync(
    file,
    'title: t\nwarmMs: 0\nclients: { a: { load: [{ forMs: 500, perSecond: 40 }], request: { body: x } } }\n',
  )
  const unnamed = await ended(sluice(t, ['lab', file, '--target', url]))
  deepEqual([unnamed.code, unnamed.out], [2, ''])
  match(unnamed.err, /is not what the scenario names/)
  const set = ['--set', `target.url=${url}`, '--out', join(dir, 'report')]
  const named = await ended(sluice(t, ['lab', file, '--target', url, ...set]))
  equal(named.code, 0, named.err)
  const [result] = played(dir)
  ok(result !== undefined && result.totals.answered > 5 && result.totals.answered === result.totals.asked)
})

test('Ctrl-C gives the report of what there is', { timeout: 60_000 }, async t => {
  const dir = folder(t)
  writeFileSync(join(dir, 's.yaml'), scenario.replace('4000', '60000'))
  const running = sluice(t, ['lab', join(dir, 's.yaml'), '--out', join(dir, 'report')])
  await until('it runs', () => /asked/.test(running.err) || null, 20_000)
  running.kill('SIGINT')
  const { out, code } = await ended(running)
  equal(code, 0, out)
  match(out, /ended before its time/)
  equal(played(dir)[0]?.interrupted, true)
})

async function ended(running: ReturnType<typeof sluice>) {
  const code = await running.ended
  return { code, out: running.out, err: running.err }
}
