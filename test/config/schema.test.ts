import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { root } from '../../config/option.ts'
import type { Option } from '../../config/option.ts'
import { Config } from '../../config/schema/index.ts'

function walk(option: Option, path: string, visit: (path: string, option: Option) => void): void {
  visit(path, option)
  for (const part of [option, ...(option.anyOf ?? [])]) {
    for (const [key, inner] of Object.entries(part.properties ?? {})) walk(inner, `${path}.${key}`, visit)
    if (typeof part.additionalProperties === 'object') walk(part.additionalProperties, `${path}.<name>`, visit)
  }
}

test('every option has a sentence that ends like one', () => {
  const silent: string[] = []
  walk(root, '', (path, { description = '' }) => {
    if (path !== '' && !path.endsWith('workers.<name>') && !/^\S.*\.$/.test(description)) silent.push(path)
  })
  deepEqual(silent, [])
})

test('every number says what it may be, and every duration that it is one', () => {
  const strays: string[] = []
  walk(root, '', (path, { type, minimum, maximum, unit }) => {
    const isNumber = type === 'integer' || type === 'number'
    if (isNumber && (minimum === undefined || maximum === undefined || maximum > Number.MAX_SAFE_INTEGER - 1))
      strays.push(path)
    if (isNumber && path.endsWith('Ms') !== (unit === 'ms')) strays.push(path)
    const name = path.split('.').at(-1)!
    const isEvent = /^on[A-Z]/.test(name) // what is done when it happens, and no time
    if (/timeout|delay|interval/i.test(name) && !isEvent && !path.endsWith('Ms')) strays.push(path)
  })
  deepEqual(strays, [])
})

test('everything but the routes has a default, and the defaults hold', () => {
  const config = Config.parse({ routes: {} })
  deepEqual(root.required, ['routes'])
  equal(config.server.limits.headerBytes, 16_384)
  equal(config.workers['any'], undefined)
  deepEqual(Config.parse(config), config)
})

test('brokers are addresses with ports', () => {
  const holds = (brokers: string): boolean => Config.safeParse({ routes: {}, broker: { brokers } }).success
  for (const right of ['', ' ', 'kafka:9092', 'a.b-c:1,10.0.0.1:65535 , [::1]:9092', 'my_host:9092'])
    equal(holds(right), true, right)
  for (const wrong of [
    'kafka',
    'kafka:',
    ':9092',
    'kafka:0',
    'kafka:65536',
    'a:1,',
    'a:1,,b:2',
    '::1:9092',
    '[kafka]:9092',
    '[::g]:1',
    'a:09',
    'a:1;b:2',
    'kafka://a:1',
    'a b:1',
  ])
    equal(holds(wrong), false, wrong)
})

test('trusted proxies are addresses or ranges', () => {
  const holds = (range: string): boolean =>
    Config.safeParse({ routes: {}, server: { trustedProxies: [range] } }).success
  for (const right of ['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', 'fd00::/8', '::/0', '::ffff:10.0.0.1', '::/128'])
    equal(holds(right), true, right)
  for (const wrong of [
    '',
    'proxy',
    '10.0.0',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    'fe80::1%eth0',
    '10.0.0.0/255.0.0.0',
  ])
    equal(holds(wrong), false, wrong)
})

test('topics are names that Kafka takes, and none of its own', () => {
  const holds = (topic: string): boolean => Config.safeParse({ routes: {}, replies: { topic } }).success
  for (const right of ['a', 'A.b_c-1', '.a', '_a', 'x'.repeat(249)]) equal(holds(right), true, right)
  for (const wrong of ['', '.', '..', '__consumer_offsets', 'a/b', 'a b', 'ä', 'x'.repeat(250), 'a\n'])
    equal(holds(wrong), false, wrong)
})

test('content types are without parameters', () => {
  const holds = (type: string): boolean =>
    Config.safeParse({ routes: { a: { match: 'POST /', contentTypes: [type] } } }).success
  for (const right of ['application/json', 'application/vnd.a+json', 'text/x-a.b']) equal(holds(right), true, right)
  for (const wrong of ['json', 'application/json; charset=utf-8', 'Application/JSON', 'text/', ''])
    equal(holds(wrong), false, wrong)
})
