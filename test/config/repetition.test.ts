import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const read = (route: string) =>
  parse(`workers: { orders: { topic: o } }\nroutes: { a: { match: POST /, ${route} } }`, 'f')
const said = (route: string): string => format(read(route).mistakes)
const query = 'query: { to: orders }'
const command = 'command: { to: orders }'
const options = { resend: '{ afterMs: 500 }', hedge: '{}', retryOn: '[503]' }

for (const [kind, value] of Object.entries(options)) {
  const option = `${kind}: ${value}`
  const place = `routes.a.${kind}: `

  test(`${kind} is for queries, and for commands that say that they are repeatable`, () => {
    equal(said(`${query}, ${option}`), '')
    equal(said(`${command}, repeatable: true, ${option}`), '')
    equal(
      said(`${command}, ${option}`).endsWith(
        `${place}found on a command, expected repeatable: true beside it, when its worker may get it twice`,
      ),
      true,
    )
    for (const core of [command, query])
      equal(
        said(`${core}, repeatable: false, ${option}`).endsWith(`${place}found beside repeatable: false, expected true`),
        true,
      )
    equal(
      said(`event: { topic: t }, ${option}`).endsWith(
        `${place}found on an event, expected on a query, or on a command with repeatable: true`,
      ),
      true,
    )
  })

  test(`${kind} is for routes without a key`, () => {
    const complaint = `${place}found on a route with a key, expected none: what is sent again would come after the next of its key`
    equal(said(`query: { to: orders, key: body.id }, ${option}`).endsWith(complaint), true)
    equal(said(`command: { to: orders, key: body.id }, repeatable: true, ${option}`).endsWith(complaint), true)
  })
}

test('nothing is repeated unless the route says so, and a key is fine then', () => {
  const route = read('query: { to: orders, key: body.id }, retryOn: []').config!.routes['a']!
  deepEqual([route.repeatable, route.resend, route.hedge, route.retryOn], [undefined, undefined, undefined, []])
})

test('a place is where the option stands', () => {
  equal(
    said(`${command}, hedge: {}`),
    'f:2:56  routes.a.hedge: found on a command, expected repeatable: true beside it, when its worker may get it twice',
  )
})

test('of resend and hedge there is just one, and retryOn goes with either', () => {
  equal(
    said(`${query}, resend: { afterMs: 500 }, hedge: {}`).endsWith(
      'routes.a.hedge: found beside resend, expected just one of the two: each is for silence',
    ),
    true,
  )
  equal(said(`${query}, resend: { afterMs: 500 }, retryOn: [503]`), '')
  equal(said(`${query}, hedge: {}, retryOn: [503]`), '')
})

test('what is sent again is sent while somebody waits', () => {
  equal(said(`${query}, resend: { afterMs: 4999 }`), '')
  equal(
    said(`${query}, resend: { afterMs: 5000 }`).endsWith(
      'routes.a.resend.afterMs: found 5000, expected less than timeoutMs, which is 5000: by then nobody waits any more',
    ),
    true,
  )
  equal(said(`${query}, timeoutMs: 4000, hedge: { minMs: 4000 }`).includes('routes.a.hedge.minMs: found 4000'), true)
})

test('only failures are sent again', () => {
  equal(said(`${query}, retryOn: [200]`).includes('routes.a.retryOn.0: found 200, expected a whole number'), true)
})

test('an event is not repeatable by a word', () => {
  equal(
    said('event: { topic: t }, repeatable: true').endsWith(
      'routes.a.repeatable: found on an event, expected on commands and queries only',
    ),
    true,
  )
})
