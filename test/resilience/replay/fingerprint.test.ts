import { test } from 'node:test'
import { equal, match, notEqual } from 'node:assert/strict'
import { commandOf, fingerprintOf, scopeOf } from '../../../src/resilience/replay/fingerprint.ts'
import type { Told } from '../../../src/call.ts'
import { aCall } from '../../help/call.ts'

const { told } = aCall()
const telling = (over: Partial<Told>) => aCall({ told: { ...told, ...over } })

test('requests differ by method, path, query, content type, headers and body', () => {
  const all = [
    aCall(),
    telling({ method: 'PUT' }),
    telling({ path: '/orders/1' }),
    telling({ query: 'a=1' }),
    telling({ contentType: 'application/json' }),
    telling({ headers: [['tenant', 'a']] }),
    aCall({ body: Buffer.from('x') }),
  ]
  equal(new Set(all.map(fingerprintOf)).size, all.length)
})

test('what is left out does not count: the trace, and the time', () => {
  equal(fingerprintOf(telling({ trace: [['traceparent', 'x']] })), fingerprintOf(aCall()))
})

test('a key is that of one client on one route', () => {
  const scope = scopeOf(aCall(), 'k')
  equal(scopeOf(aCall(), 'k'), scope)
  notEqual(scopeOf(aCall({ client: 'x' }), 'k'), scope)
  notEqual(scopeOf(aCall({ route: 'x' }), 'k'), scope)
  notEqual(scopeOf(aCall({ client: 'a', route: 'bc' }), 'k'), scopeOf(aCall({ client: 'ab', route: 'c' }), 'k'))
})

test('the identity of the command is a UUID, the same for the same key', () => {
  match(commandOf('a'), /^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  equal(commandOf('a'), commandOf('a'))
  notEqual(commandOf('a'), commandOf('b'))
})
