import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { allowed, keysOf, optionAt, root, takes, under } from '../../config/option.ts'

const at = (path: string) => optionAt(path.split('.'))!

test('every option says what it allows', () => {
  const said = (path: string): string => allowed(at(path))
  equal(said('routes.any.timeoutMs'), 'a whole number of milliseconds from 10 to 3600000')
  equal(said('routes.any.bodyBytes'), 'a whole number of bytes from 0 to 67108864')
  equal(said('server.port'), 'a whole number from 0 to 65535')
  equal(said('broker.publish.budget.percent'), 'a percentage from 0 to 100')
  equal(said('broker.publish.mode'), 'one of enforce, observe, off')
  equal(said('broker.tls'), 'true or false, or a mapping')
  equal(said('broker.clientId'), 'text of 1 to 249 characters')
  equal(said('broker.sasl.username'), 'text, not empty')
  equal(said('server.host'), 'text')
  equal(said('log.requests'), 'true or false')
  equal(said('routes.any.match'), 'a method and a path, such as `POST /orders/:orderId`')
  equal(said('server.trustedProxies'), 'a list of at most 1000')
  equal(said('workers.any.breaker.failOn'), 'a list')
  equal(said('workers'), 'a mapping')
})

test('options are found through names, lists and alternatives, and nowhere else', () => {
  equal(at('workers.any.breaker.failOn.3').maximum, 599)
  equal(at('broker.tls.caFile').file, true)
  equal(at('broker.sasl.password').secret, true)
  for (const path of [
    'constructor',
    'server.constructor',
    'workers.any.breaker.failOn.x',
    'server.port.x',
    'broker.tls.x',
  ])
    equal(at(path), null, path)
  equal(under(root, '__proto__'), null)
})

test('the keys of a mapping are known, those of alternatives too, and names are free', () => {
  deepEqual(keysOf(at('admin')), ['host', 'port', 'token', 'console', 'calls', 'url', 'tokenFile'])
  equal(keysOf(at('broker.tls')).includes('caFile'), true)
  deepEqual(keysOf(at('workers')), [])
})

test('it is known where numbers and truths may stand', () => {
  equal(takes(at('server.port'), 'number'), true)
  equal(takes(at('broker.publish.budget.percent'), 'number'), true)
  equal(takes(at('server.host'), 'number'), false)
  equal(takes(at('broker.tls'), 'boolean'), true)
  equal(takes(at('broker.tls'), 'number'), false)
})
