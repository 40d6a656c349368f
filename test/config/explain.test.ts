import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (text: string): string => format(parse(text, 'f').mistakes)

test('a value is shown as it was written, beside what is allowed', () => {
  equal(
    said('routes: {}\nserver: { port: 0x1FFFF }'),
    'f:2:17  server.port: found 0x1FFFF, expected a whole number from 0 to 65535',
  )
  equal(
    said('routes: {}\nserver: { port: 5.5 }'),
    'f:2:17  server.port: found 5.5, expected a whole number from 0 to 65535',
  )
  equal(
    said('routes: {}\nserver: { port: }'),
    'f:2:17  server.port: found nothing, expected a whole number from 0 to 65535',
  )
  equal(
    said('routes: {}\nserver: { port: [1] }'),
    'f:2:17  server.port: found a list, expected a whole number from 0 to 65535',
  )
  equal(said('routes: {}\nserver: { host: { a: 1 } }'), 'f:2:17  server.host: found a mapping, expected text')
  equal(
    said('routes: {}\nlog: { level: loud }'),
    'f:2:15  log.level: found "loud", expected one of fatal, error, warn, info, debug, trace, silent',
  )
})

test('what is missing is reported at what lacks it', () => {
  equal(said('server: {}'), 'f:1:1  routes: missing, expected a mapping')
  equal(
    said('routes:\n  a: { event: { topic: t } }'),
    'f:2:3  routes.a.match: missing, expected a method and a path, such as `POST /orders/:orderId`',
  )
  equal(
    said('routes: {}\nworkers: { a: {} }').startsWith('f:2:12  workers.a.topic: missing, expected a topic name'),
    true,
  )
})

test('an unknown option is reported at its name, with the nearest or all', () => {
  equal(said('routes: {}\nadmin: { prot: 1 }'), 'f:2:10  admin.prot: unknown option, did you mean `port`?')
  equal(
    said('routes: {}\nadmin: { colour: 1 }'),
    'f:2:10  admin.colour: unknown option, expected one of host, port, token, console, calls, url, tokenFile',
  )
  equal(said('rotues: {}').split('\n')[0], 'f:1:1  routes: missing, expected a mapping')
  equal(said('rotues: {}').split('\n')[1], 'f:1:1  rotues: unknown option, did you mean `routes`?')
})

test('a name of the wrong form is reported at the name', () => {
  equal(
    said('routes: {}\nworkers: { My_Worker: { topic: t } }'),
    'f:2:12  workers.My_Worker: the name is wrong, expected a name: lower-case letters, digits and hyphens, a letter first, at most 64',
  )
})

test('of alternatives the one that was meant is explained', () => {
  equal(said('routes: {}\nbroker: { tls: 5 }'), 'f:2:16  broker.tls: found 5, expected true or false, or a mapping')
  equal(
    said('routes: {}\nbroker: { tls: { caFil: x } }'),
    'f:2:18  broker.tls.caFil: unknown option, did you mean `caFile`?',
  )
  equal(said('routes: {}\nbroker: { tls: { caFile: 5, a: 1 } }').split('\n').length, 2)
})

test('a list that is too long says how long it is', () => {
  const list = Array.from({ length: 65 }, () => 'x-a').join(', ')
  equal(
    said(`routes:\n  a: { match: POST /, event: { topic: t }, requestHeaders: [${list}] }`),
    'f:2:60  routes.a.requestHeaders: found a list of 65, expected a list of at most 64',
  )
})

test('a document that is no mapping says so', () => {
  equal(said('just words'), 'f:1:1  found text, expected a mapping')
  equal(said('- a'), 'f:1:1  found a list, expected a mapping')
})
