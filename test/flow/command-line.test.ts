import { suite, test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { client } from '../help/ask.ts'
import { adminOf, anOrder } from '../help/gateway.ts'
import { freePorts, sluice } from '../help/sluice.ts'
import { until } from '../help/until.ts'

const shipped = 'config/gateway.yaml'
const linesOf = (text: string): string[] => text.split('\n').filter(line => line !== '')
const noStack = (text: string): void => ok(!/\n\s+at |node:internal|Error:/.test(text), text)

test('--version and --help answer and end with 0', async t => {
  const version = sluice(t, ['--version'])
  const help = sluice(t, ['--help'])
  const more = sluice(t, ['start', '--help'])
  deepEqual(await Promise.all([version.ended, help.ended, more.ended]), [0, 0, 0])
  const { version: expected } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  equal(version.out, `${expected}\n`)
  match(help.out, /start .*\n.*validate /s)
  match(more.out, /--demo/)
  match(more.out, /KAFKA_BROKERS=/)
})

suite('wrong configuration', () => {
  for (const command of ['start', 'validate'])
    test(`${command}: ten mistakes in a file are ten lines with their places, and 1`, async t => {
      const run = sluice(t, [command, 'test/config/ten-mistakes.yaml'])
      equal(await run.ended, 1)
      const lines = linesOf(run.err)
      equal(lines.filter(line => /^test\/config\/ten-mistakes\.yaml:\d+:\d+/.test(line)).length, 10, run.err)
      match(lines.at(-1)!, /^10 mistakes/)
      equal(run.out, '')
      noStack(run.err)
    })

  test('a file that is not there is one line', async t => {
    const run = sluice(t, ['start', 'nowhere.yaml'])
    equal(await run.ended, 1)
    match(run.err, /nowhere\.yaml/)
    noStack(run.err)
  })

  test('an override that is no option is told, with the nearest name', async t => {
    const run = sluice(t, ['start', shipped, '--set', 'server.prot=0'])
    equal(await run.ended, 1)
    match(run.err, /prot.*port/s)
    noStack(run.err)
  })

  test('validate says what holds', async t => {
    const run = sluice(t, ['validate', shipped])
    equal(await run.ended, 0)
    match(run.out, /3 routes, 1 workers?\./)
  })

  test('an unknown command, and an unknown option, are told with the usage', async t => {
    for (const args of [['begin'], ['start', '--dmeo']]) {
      const run = sluice(t, args)
      equal(await run.ended, 1)
      match(run.err, /unknown/)
      noStack(run.err)
    }
  })
})

for (const option of ['server.port', 'admin.port'])
  test(`a port that is taken (${option}) is one line that says so and what to do, and 1`, async t => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    const { port } = other.address() as { port: number }
    const run = sluice(t, ['start', shipped, ...freePorts, '--set', `${option}=${port}`])
    equal(await run.ended, 1)
    equal(linesOf(run.err).length, 1, run.err)
    match(run.err, new RegExp(`Cannot listen on 127\\.0\\.0\\.1.*${port}: .*in use`))
    match(run.err, new RegExp(`--set ${option}=`))
    noStack(run.err + run.out)
  })

test('a log that cannot be written is one line, and 1', async t => {
  const run = sluice(t, ['start', shipped, ...freePorts, '--set', 'log.file=/nowhere/sluice.log'])
  equal(await run.ended, 1)
  equal(linesOf(run.err).length, 1, run.err)
  match(run.err, /\/nowhere\/sluice\.log/)
  noStack(run.err + run.out)
})

suite('without its Kafka', () => {
  for (const [what, brokers, said] of [
    ['nobody listens at the address', '127.0.0.1:1', /127\.0\.0\.1:1: .*ECONNREFUSED/],
    ['the host is unknown', 'sluice.invalid:9092', /sluice\.invalid:9092: .*(ENOTFOUND|EAI_AGAIN)/],
  ] as const)
    test(`${what}: one clear line; it lives, is not ready, refuses, and goes on`, async t => {
      const run = sluice(t, ['start', shipped, ...freePorts], { KAFKA_BROKERS: brokers })
      const places = await run.places()
      const admin = adminOf(t, places.admin)
      const { ask, ...held } = client(places.url)
      t.after(() => held[Symbol.dispose]())
      const { status, reasons } = await until('the reason is known', async () => {
        const state = await admin.ready()
        return said.test(state.reasons.join()) ? state : null
      })
      equal(status, 503)
      match(reasons.join(), /^No broker is reachable: /)
      equal((await admin.ask('/livez')).status, 200)
      for (let i = 0; i < 3; i++) {
        const { status, code, outcome, headers } = await ask('/orders', { body: anOrder })
        deepEqual([status, code, outcome], [503, 'not-ready', 'not-sent'])
        ok(Number(headers['retry-after']) >= 1)
      }
      const down = await until('the log has the line', () => {
        const lines = run.lines.filter(({ msg }) => msg === 'broker')
        return lines.length > 0 ? lines : null
      })
      equal(down.length, 1, 'once for the whole outage')
      match(String(down[0]!['reason']), said)
      noStack(run.err + run.out)
      equal(run.err, '')
      equal(run.code, null)
    })
})

suite('signals', () => {
  test('SIGINT ends it with 0, without the delay', async t => {
    const run = sluice(t, ['start', shipped, ...freePorts])
    const { admin } = await run.places()
    await until('it is ready', async () => (await adminOf(t, admin).ready()).status === 200)
    const begun = performance.now()
    run.kill('SIGINT')
    equal(await run.ended, 0)
    ok(performance.now() - begun < 4_000, 'the delay of five seconds is for load balancers')
    noStack(run.err + run.out)
  })

  test('SIGTERM makes it not ready, it serves on for the delay, and ends with 0', async t => {
    const delayMs = 1_000
    const run = sluice(t, ['start', shipped, ...freePorts, '--demo', '--set', `drain.delayMs=${delayMs}`])
    const places = await run.places()
    const admin = adminOf(t, places.admin)
    const { ask, ...held } = client(places.url)
    t.after(() => held[Symbol.dispose]())
    await until('it is ready', async () => (await admin.ready()).status === 200)
    const begun = performance.now()
    run.kill('SIGTERM')
    await until('it is not ready any more', async () => (await admin.ready()).status === 503)
    equal((await ask('/orders', { body: anOrder })).status, 201)
    equal(await run.ended, 0)
    ok(performance.now() - begun >= delayMs - 10, 'it has served for the delay')
    deepEqual(
      run.lines.filter(({ kind }) => kind === 'draining' || kind === 'stopped').map(({ kind }) => kind),
      ['draining', 'stopped'],
    )
  })

  test('a second signal ends it at once', async t => {
    const run = sluice(t, ['start', shipped, ...freePorts, '--set', 'drain.delayMs=600000'])
    const { admin } = await run.places()
    await until('it is ready', async () => (await adminOf(t, admin).ready()).status === 200)
    run.kill('SIGTERM')
    await until('it stops', async () => (await adminOf(t, admin).ready()).status === 503)
    run.kill('SIGTERM')
    equal(await run.ended, 1)
    noStack(run.err + run.out)
  })

  test('a signal before it is ready ends it with 0', async t => {
    const run = sluice(t, ['start', shipped, ...freePorts], { KAFKA_BROKERS: '127.0.0.1:1' })
    await run.places()
    run.kill('SIGTERM')
    equal(await run.ended, 0)
    noStack(run.err + run.out)
  })
})

test('start --demo prints three lines for curl once it is ready, and they answer', async t => {
  const run = sluice(t, ['start', shipped, ...freePorts, '--demo'])
  const lines = await until(
    'the lines are printed',
    () => {
      const lines = run.out.split('\n').filter(line => line.startsWith('  curl '))
      return lines.length === 3 ? lines : null
    },
    30_000,
  )
  const { url } = await run.places()
  const { ask, ...held } = client(url)
  t.after(() => held[Symbol.dispose]())
  const statuses: number[] = []
  for (const line of lines) {
    const [, path = '', body] = /curl -i http:\/\/[^/]+(\S+)(?:.* -d '(.*)')?/.exec(line) ?? []
    statuses.push((await ask(path, body === undefined ? {} : { body: JSON.parse(body) as unknown })).status)
  }
  deepEqual(statuses, [201, 200, 202])
})
