import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (routes: string, more = ''): string =>
  format(parse(`workers: { orders: { topic: o } }\nroutes: { ${routes} }\n${more}`, 'f').mistakes)
const command = 'command: { to: orders }'
const asked = { async: 'offer', onTimeout: 'accept', idempotency: '{}', lateReplies: 'late' }

for (const [option, value] of Object.entries(asked)) {
  test(`${option} is for commands and queries`, () => {
    equal(said(`a: { match: POST /, ${command}, ${option}: ${value} }`), '')
    ok(
      said(`a: { match: POST /, event: { topic: t }, ${option}: ${value} }`).endsWith(
        `routes.a.${option}: found on an event, expected on commands and queries only: an event has no reply to wait for`,
      ),
    )
  })

  test(`${option} does not go together with what is sent twice`, () => {
    ok(
      said(`a: { match: GET /, query: { to: orders }, hedge: {}, ${option}: ${value} }`).endsWith(
        `routes.a.${option}: found beside hedge, expected just one of the two`,
      ),
    )
  })
}

test('the paths of operations are taken once a route has any', () => {
  const other = `b: { match: GET /operations/:id, query: { to: orders } }`
  equal(said(other), '')
  ok(said(`a: { match: POST /, ${command}, async: offer }, ${other}`).includes('below operations.path'))
})

test('the topics of operations are of their own', () => {
  const a = `a: { match: POST /, ${command}, async: offer }`
  ok(said(a, 'operations: { topic: o }').endsWith('found "o", which is workers.orders.topic, expected another'))
  ok(said(a, 'operations: { replies: gateway.replies }').endsWith('which is replies.topic, expected another'))
  ok(said(a, 'operations: { topic: x, replies: x }').endsWith('which is operations.topic, expected another'))
})

test('who is called back has a secret, and an origin that is one', () => {
  const callbacks = (receiver: string): string =>
    said('', `operations: { callbacks: { receivers: { a: ${receiver} } } }`)
  const secret = `signingKey: whsec_${'a'.repeat(32)}`
  for (const origin of [
    'https://a.example',
    'https://*.a.example:8443',
    'http://127.0.0.1:9000',
    "'http://[::1]:9000'",
  ])
    equal(callbacks(`{ origin: ${origin}, ${secret} }`), '')
  ok(callbacks('{ origin: https://a.example }').endsWith('has no key, expected signingKey or signingKeyFile'))
  for (const origin of ['a.example', 'https://a.example/path', 'https://*', 'ftp://a', 'https://me@a'])
    ok(callbacks(`{ origin: '${origin}', ${secret} }`).includes('expected scheme, host and maybe a port'), origin)
  ok(callbacks("{ origin: https://a, signingKey: 'whsec_short' }").includes('expected a key of Standard Webhooks'))
})
