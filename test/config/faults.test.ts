import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const read = (faults: string) =>
  parse(
    `workers: { orders: { topic: o } }\nroutes: { read: { match: GET /, query: { to: orders } } }\nfaults: { ${faults} }`,
    'f',
  )
const said = (faults: string): string => format(read(faults).mistakes)
const rule = (rule: string, more = ''): string => said(`rules: { a: { ${rule} } }, ${more}`)

test('faults are off as shipped, and each rule lasts a minute unless it says how long', () => {
  const { faults } = read('').config!
  deepEqual([faults.mode, faults.rules, faults.headers], ['off', {}, false])
  equal(read('rules: { a: { kind: lost-reply, percent: 1 } }').config!.faults.rules['a']!.forMs, 60_000)
})

test('each kind has what it needs', () => {
  equal(rule('kind: delay, percent: 10, delayMs: 5'), '')
  equal(rule('kind: delay, percent: 10'), 'f:3:20  faults.rules.a: has no delayMs, expected one, as its kind is delay')
  ok(rule('kind: abort, percent: 10, delayMs: 5').endsWith('has no status, expected one, as its kind is abort'))
  ok(rule('kind: throttle, percent: 10').endsWith('has no bytesPerSecond, expected one, as its kind is throttle'))
  ok(rule('kind: slow-publish, percent: 10').endsWith('has no delayMs, expected one, as its kind is slow-publish'))
  equal(rule('kind: garbled-reply, percent: 10'), '')
  equal(rule('kind: abort, percent: 10, status: 200').split('\n').length, 1, 'one mistake is told once')
})

test('no rule goes beyond the caps', () => {
  equal(
    rule('kind: lost-reply, percent: 51', 'maxPercent: 50'),
    'f:3:52  faults.rules.a.percent: found 51, expected at most faults.maxPercent, which is 50',
  )
  ok(
    rule('kind: lost-reply, percent: 5, forMs: 600001').endsWith(
      'faults.rules.a.forMs: found 600001, expected at most faults.maxForMs, which is 600000',
    ),
  )
})

test('a rule names a route and a worker that there are', () => {
  equal(rule('kind: lost-reply, percent: 5, route: read, worker: orders'), '')
  ok(
    rule('kind: lost-reply, percent: 5, route: raed').endsWith(
      'faults.rules.a.route: found "raed", which is no route, did you mean `read`?',
    ),
  )
  ok(rule('kind: lost-reply, percent: 5, worker: users').includes('found "users", which is no worker'))
})

test('requests may ask for faults only where there is a token to bring', () => {
  equal(said('headers: true }\nadmin: { token: 0123456789abcdef0123456789abcdef'), '')
  equal(said('headers: true'), 'f:3:20  faults.headers: found true, but there is no admin.token for requests to bring')
})
