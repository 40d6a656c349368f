import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, parse } from '../../config/load.ts'

const said = (text: string): string => format(parse(`${text}\nroutes: {}`, 'f').mistakes)

test('nobody writes commands or events to the topic of the replies', () => {
  equal(
    said('workers: { a: { topic: gateway.replies } }'),
    'f:1:24  workers.a.topic: found "gateway.replies", which is replies.topic, expected another',
  )
  const routes = 'replies: { topic: r }\nroutes: { a: { match: POST /, event: { topic: r } } }'
  equal(
    format(parse(routes, 'f').mistakes),
    'f:2:47  routes.a.event.topic: found "r", which is replies.topic, expected another',
  )
})

test('no worker is called as the circuit of the brokers is', () => {
  equal(
    said('workers: { cluster: { topic: t } }'),
    'f:1:12  workers.cluster: the name is taken by the circuit of the brokers, expected another',
  )
})

test('the two servers do not listen at the same place', () => {
  const ports = (server: string, admin: string): string => said(`server: { ${server} }\nadmin: { ${admin} }`)
  equal(ports('port: 9090', 'port: 9090'), 'f:2:16  admin.port: found 9090, which is server.port, expected another')
  equal(ports('port: 9090', '').startsWith('f:2:1  admin.port'), true)
  equal(ports('host: 127.0.0.1, port: 9090', '').startsWith('f:2:1  admin.port'), true)
  equal(ports('host: 10.0.0.1, port: 9090', ''), '')
  equal(ports('port: 0', 'port: 0'), '')
  equal(ports('port: 9090, socket: /run/s.sock', ''), '')
  equal(ports('port: x', 'port: 9090').split('\n').length, 1)
})

test('a user has a password, and a certificate its key', () => {
  const sasl = (rest: string): string => said(`broker: { sasl: { mechanism: plain, username: u${rest} } }`)
  equal(sasl(''), 'f:1:11  broker.sasl: has no password, expected password or passwordFile')
  equal(sasl(', password: p'), '')
  equal(sasl(', pasword: p'), 'f:1:50  broker.sasl.pasword: unknown option, did you mean `password`?')
  const file = join(mkdtempSync(join(tmpdir(), 'sluice-clash-')), 'a.pem')
  writeFileSync(file, 'PEM')
  equal(
    said(`broker: { tls: { certFile: ${file} } }`),
    'f:1:28  broker.tls.certFile: found without keyFile, expected both',
  )
  equal(
    said(`broker: { tls: { keyFile: ${file} } }`),
    'f:1:27  broker.tls.keyFile: found without certFile, expected both',
  )
  equal(said(`broker: { tls: { keyFile: ${file}, certFile: ${file} } }`), '')
})

test('a header of priority wants somebody who is trusted to write it', () => {
  equal(
    said('server: { priorityHeader: x-priority }'),
    'f:1:27  server.priorityHeader: found without trustedProxies, expected both: nobody would be believed what it says',
  )
  equal(said('server: { priorityHeader: x-priority, trustedProxies: [10.0.0.0/8] }'), '')
})

test('sheddable calls are refused before normal ones', () => {
  equal(
    said('overload: { normalDelayMs: 100 }'),
    'f:1:28  overload.normalDelayMs: found 100, expected more than sheddableDelayMs, which is 100: the least important go first',
  )
  equal(said('overload: { sheddableDelayMs: 10, normalDelayMs: 11 }'), '')
})

test('a Redis has an address', () => {
  equal(said('redis: { instances: 3 }'), 'f:1:1  redis: has no address, expected url or urlFile')
  equal(said('redis: {}'), 'f:1:1  redis: has no address, expected url or urlFile')
  equal(said('redis: { url: redis://localhost:6379 }'), '')
  equal(said('redis: { urll: redis://localhost:6379 }').split('\n').length, 1)
})
