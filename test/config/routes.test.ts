import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'
import { matchFlaw } from '../../config/match.ts'

const said = (routes: string): string =>
  format(parse(`workers: { orders: { topic: o }, users: { topic: u } }\nroutes:\n${routes}`, 'f').mistakes)
const event = 'event: { topic: t }'
const query = 'query: { to: orders }'

test('a route has just one of command, query and event', () => {
  equal(
    said(' a: { match: GET / }'),
    'f:3:2  routes.a: found none of command, query, event, stream, view, process, upstream, expected just one',
  )
  equal(
    said(` a: { match: POST /, ${event}, ${query} }`),
    'f:3:22  routes.a.event: found beside query, expected just one of command, query, event, stream, view, process, upstream',
  )
  equal(
    said(' a: { match: GET /, querry: { to: orders } }'),
    'f:3:21  routes.a.querry: unknown option, did you mean `query`?',
  )
  equal(said(' a: hello'), 'f:3:5  routes.a: found text, expected a mapping')
})

test('a route names a worker that there is', () => {
  equal(
    said(' a: { match: GET /, query: { to: user } }'),
    'f:3:34  routes.a.query.to: found "user", which is no worker, did you mean `users`?',
  )
  equal(said(' a: { match: GET /, query: { to: toString } }').includes('expected a name'), true)
})

test('two routes do not share a method and a path', () => {
  const taken = (match: string): string =>
    said(` a: { match: 'GET /o/:id', ${query} }\n b: { match: '${match}', ${query} }`)
  for (const match of ['GET /o/:id', 'GET /o/:other'])
    equal(
      taken(match),
      `f:4:14  routes.b.match: found "${match}", which routes.a has already, expected another method or path`,
    )
  for (const match of ['POST /o/:id', 'GET /o/id', 'GET /o', 'GET /o/:id/x', 'GET /o/:id/', 'GET /O/:id'])
    equal(taken(match), '')
})

test('a path is made of plain segments and parameters, each once', () => {
  const match = (path: string): string => said(` a: { match: '${path}', ${query} }`)
  for (const path of ['GET /', 'HEAD /a', 'PATCH /a/:b_1/c.d-e~%20/:f/', 'DELETE /$metadata/a,b;c=d&e@'])
    equal(match(path), '')
  const wrong = [
    'get /',
    'GET',
    'GET a',
    'GET /a?b',
    'GET /a#b',
    'GET /a b',
    'GET //a',
    'GET /:',
    'GET /:1',
    'GET /*a',
    'GET /a{b}',
    'GET /:a(.)',
  ]
  for (const path of [...wrong, 'TRACE /', 'GET /a*', 'GET /:a.json', 'GET /é'])
    equal(
      match(path),
      `f:3:14  routes.a.match: found "${path}", expected a method and a path, such as \`POST /orders/:orderId\`; ${matchFlaw(path)}`,
    )
  equal(match('GET /:a/:a'), 'f:3:14  routes.a.match: found :a twice, expected different names')
})

test('a key is taken from what the request has', () => {
  const key = (match: string, key: string): string =>
    said(` a: { match: '${match}', command: { to: orders, key: ${key} } }`)
  equal(key('POST /o/:id', 'path.id'), '')
  equal(key('GET /o', 'header.x-id'), '')
  equal(key('POST /o', 'body.a.b'), '')
  equal(
    key('POST /o/:id', 'path.ids'),
    'f:3:57  routes.a.command.key: found "path.ids", but the path of match has no :ids, did you mean `id`?',
  )
  equal(key('POST /o', 'path.id').endsWith('has no :id, there is none'), true)
  equal(key('GET /o', 'body.id').endsWith('but a GET has no body: take it from the path or a header'), true)
  equal(
    key('POST /o', 'query.id').endsWith('expected one of path.<parameter>, header.<name>, body.<field>, claim.<name>'),
    true,
  )
})

test('a delivery class is of events, and agrees with their acknowledgement', () => {
  equal(
    said(` a: { match: GET /, ${query}, delivery: volatile }`),
    'f:3:54  routes.a.delivery: found on a query, expected on events and streams only',
  )
  const ack = (acks: string, delivery: string): string =>
    said(` a: { match: POST /, event: { topic: t, acks: ${acks} }${delivery} }`)
  equal(
    ack('leader', ''),
    'f:3:47  routes.a.event.acks: found "leader", but delivery consumable promises to keep the event: expected "all", or delivery volatile',
  )
  equal(ack('none', ', delivery: replayable').includes('but delivery replayable promises'), true)
  equal(ack('all', ''), '')
  equal(ack('none', ', delivery: volatile'), '')
  equal(
    ack('none, expose: true', ', delivery: volatile'),
    'f:3:61  routes.a.event.expose: found true, but with acks none nobody says where the record is',
  )
})

test('any origin does not go with credentials, which browsers would take from nobody', () => {
  const cors = (options: string): string => said(` a: { match: GET /, ${query}, cors: { ${options} } }`)
  equal(cors('origins: ["*"]'), '')
  equal(cors('origins: ["https://a.example"], credentials: true'), '')
  equal(
    cors('origins: ["https://a.example", "*"], credentials: true'),
    'f:3:83  routes.a.cors.origins.1: found "*" beside credentials, expected the origins by name: browsers take it from nobody',
  )
})

test('a coded body is not read, so no key is taken from it', () => {
  equal(
    said(' a: { match: POST /, command: { to: orders, key: body.id }, contentEncodings: [gzip] }'),
    'f:3:50  routes.a.command.key: found "body.id" beside contentEncodings, but a coded body is not read: take it from the path or a header',
  )
})

test('a command is kept on disk where it may be answered 202, and holds no key', () => {
  const spooled = (route: string): string =>
    said(` a: { match: POST /, spool: true, ${route}, command: { to: orders } }`)
  const lacking = 'found true, but there is no section spool: expected one with file'
  equal(spooled('async: offer'), `f:3:29  routes.a.spool: ${lacking}`)
  equal(
    spooled('async: off'),
    'f:3:29  routes.a.spool: found on a command that is never answered 202, expected async offer or always beside it',
  )
  equal(
    spooled('async: always, idempotency: {}'),
    'f:3:29  routes.a.spool: found beside idempotency: who has a key is decided by the log, which is away when it matters',
  )
})

test('what is kept on disk is an event that is promised to survive, and there is a place for it', () => {
  const spooled = (route: string, spool = 'spool: { file: f }'): string =>
    format(
      parse(`${spool}\nworkers: { orders: { topic: o } }\nroutes:\n a: { match: POST /, spool: true, ${route} }`, 'f')
        .mistakes,
    )
  equal(spooled(event), '')
  equal(spooled(query), 'f:4:29  routes.a.spool: found on a query, expected on events and commands only')
  const promised = 'found true, but the event is not promised to survive: expected delivery consumable or replayable'
  equal(spooled(`${event}, delivery: volatile`), `f:4:29  routes.a.spool: ${promised}`)
  equal(
    spooled(event, 'log: {}'),
    'f:4:29  routes.a.spool: found true, but there is no section spool: expected one with file',
  )
  equal(
    spooled(
      `${event}, timeoutMs: 400`,
      'spool: { file: f }\nbroker: { publish: { attempts: 1, attemptMs: 300 } }',
    ).includes(
      'routes.a.timeoutMs: found 400, expected more than spool.afterMs, which is 500: until then the brokers are waited for',
    ),
    true,
  )
})
