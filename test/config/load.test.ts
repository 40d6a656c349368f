import { test } from 'node:test'
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { format, load, parse, shipped } from '../../config/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-load-'))
const linesOf = (text: string, set: readonly string[] = [], env = {}): readonly string[] =>
  format(parse(text, 'a.yaml', { set, env }).mistakes).split('\n')

test('ten mistakes in one file give ten errors, each at its place', () => {
  const file = join(import.meta.dirname, 'ten-mistakes.yaml')
  const { config, mistakes } = load(file, { env: {} })
  equal(config, null)
  deepEqual(
    format(mistakes)
      .split('\n')
      .map(line => line.replace(`${file}:`, '')),
    [
      '2:17  server.port: found 80800, expected a whole number from 0 to 65535',
      '5:3  admin.port: stands a second time, first at line 4',
      '6:18  instance.id: found ${NO_SUCH_VARIABLE}, but the environment has no NO_SUCH_VARIABLE; ${NO_SUCH_VARIABLE:…} gives a default',
      '8:61  broker.sasl.passwordFile: found "/nowhere/kafka.password", which is not there',
      '12:17  workers.orders.bulkhead.slotz: unknown option, did you mean `slots`?',
      '16:20  routes.place-order.command.to: found "order", which is no worker, did you mean `orders`?',
      '17:16  routes.place-order.timeoutMs: found "5s", expected a whole number of milliseconds from 10 to 3600000',
      '18:74  routes.read-order.query.key: found "path.id", but the path of match has no :id, expected one of orderId',
      '19:24  routes.find-order.match: found "GET /orders/:id", which routes.read-order has already, expected another method or path',
      '20:73  routes.signal.timeoutMs: found 2000, expected more than 3300, which publishing may take (3 × 1000 ms and 300 ms of backoff): raise it, or lower broker.publish.attemptMs or attempts',
    ],
  )
})

test('the shipped configuration holds, without a variable in the environment and with a host name that has dots', () => {
  const { config, mistakes } = load(shipped, { env: {} })
  equal(format(mistakes), '')
  equal(config?.instance.id, 'sluice')
  equal(config?.broker.brokers, '')
  equal(load(shipped, { env: { HOSTNAME: 'a.example.com' } }).config?.instance.id, 'a-example-com')
  equal(load(shipped, { env: { KAFKA_BROKERS: 'a:9092,[::1]:9093' } }).config?.broker.brokers, 'a:9092,[::1]:9093')
})

test('what cannot be read is one clear line', () => {
  const said = (name: string, text?: string): string => {
    const file = join(folder, name)
    if (text !== undefined) writeFileSync(file, text)
    return format(load(file).mistakes).replace(folder, '')
  }
  equal(said('missing.yaml'), '/missing.yaml  is not there')
  equal(said(''), '  is a directory, expected a file')
  equal(said('empty.yaml', ''), '/empty.yaml  is empty, expected at least `routes`')
  equal(said('comment.yaml', '# nothing\n---\n'), '/comment.yaml  is empty, expected at least `routes`')
})

test('settings on the command line go before the file, and mistakes in them name the setting', () => {
  const text = 'routes: {}\nserver: { port: 80 }'
  equal(parse(text, 'a.yaml', { set: ['server.port=0', 'log.level=debug'] }).config?.server.port, 0)
  deepEqual(linesOf(text, ['server.port=x', 'sever.port=1']), [
    '--set server.port  server.port: found "x", expected a whole number from 0 to 65535',
    '--set sever.port  sever: unknown option, did you mean `server`?',
  ])
})

test('names that objects inherit are names like any other', () => {
  const text = `
workers: { constructor: { topic: a } }
routes:
  constructor: { match: POST /a, command: { to: constructor } }
  valueof: { match: POST /b, command: { to: tostring } }
  __proto__: { match: POST /c, command: { to: constructor } }
`
  deepEqual(linesOf(text), [
    'a.yaml:5:45  routes.valueof.command.to: found "tostring", which is no worker, expected one of constructor',
    'a.yaml:6:3  routes.__proto__: is no name for an option',
  ])
  equal(({} as Record<string, unknown>)['match'], undefined)
})

test('a secret is in no error', () => {
  const canary = 'hunter2-canary'
  const texts = [
    `broker: { sasl: { mechanism: plain, username: u, password: [${canary}] } }`,
    `broker: { sasl: ${canary} }`,
    `broker: { sasl: { mechanism: plain, username: u, pasword: ${canary} } }`,
    `broker: { sasl: { password: >${canary}\n x } }`,
    `broker:\n  sasl:\n    password: "${canary}" x: y`,
  ]
  for (const text of texts) {
    const { mistakes } = parse(text, 'a.yaml')
    notEqual(mistakes.length, 0)
    equal(format(mistakes).includes(canary), false, format(mistakes))
  }
})

test('whatever the file holds, the answer is a configuration or what is wrong with it', () => {
  const words = [
    'routes',
    'workers',
    'server',
    'port',
    'match',
    'command',
    'to',
    'key',
    'event',
    'sasl',
    'tls',
    'broker',
    '__proto__',
  ]
  const key = fc.oneof(fc.constantFrom(...words), fc.string())
  const value = fc.letrec(tie => ({
    any: fc.oneof(
      { maxDepth: 5 },
      fc.string(),
      fc.constantFrom('POST /a', 'path.x', '${A}', '${A:5}', '${', 'a.b', '/etc'),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(key, tie('any'), { maxKeys: 6 }),
    ),
  })).any
  const check = (text: string): void => {
    const { config, mistakes } = parse(text, 'a.yaml', { env: {} })
    equal(config === null, mistakes.length > 0)
    for (const line of format(mistakes).split('\n')) ok(line === '' || line.startsWith('a.yaml'), line)
  }
  fc.assert(fc.property(value, document => check(stringify(document))))
  fc.assert(
    fc.property(value, document => check(JSON.stringify({ routes: { a: document }, workers: { b: document } }))),
  )
  fc.assert(fc.property(fc.string({ maxLength: 60 }), check))
})

test('whatever is set on the command line, the answer is a configuration or what is wrong with it', () => {
  const setting = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom('server.port', 'routes.a.match', 'a', 'workers.0'), fc.string())
      .map(pair => pair.join('=')),
  )
  fc.assert(
    fc.property(fc.array(setting, { maxLength: 4 }), set => {
      const { config, mistakes } = parse('routes: {}', 'a.yaml', { set, env: {} })
      equal(config === null, mistakes.length > 0)
    }),
  )
})
