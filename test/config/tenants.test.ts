import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const jwt = 'identity: { providers: { a: { jwt: { issuer: a, audience: b, jwks: { url: "https://a/j" } } } } }'
const said = (tenants: string, route = 'event: { topic: a }, identity: required'): readonly string[] =>
  format(
    parse(
      `${jwt}\nworkers: { w: { topic: w } }\ntenants: { ${tenants} }\nroutes: { a: { match: GET /, ${route} } }`,
      'f',
    ).mistakes,
  )
    .replaceAll(/^f:\d+:\d+ {2}/gm, '')
    .split('\n')
    .filter(line => line !== '')

test('tenants by claim need clients that say who they are', () => {
  deepEqual(said('from: claim.t, others: {}'), [])
  deepEqual(said('from: claim.t', 'event: { topic: a }'), [
    'routes.a.identity: found none, but the tenant is a claim: expected identity: required, or tenant: none',
  ])
  deepEqual(said('from: claim.t', 'event: { topic: a }, tenant: none'), [])
})

test('tenants by host have hosts, each its own, and there are no others', () => {
  deepEqual(said('from: host, of: { a: { hosts: [a.b] }, b: { hosts: [c.d] } }'), [])
  deepEqual(said('from: host, others: {}, of: { a: { hosts: [a.b] }, b: { hosts: [a.b] }, c: {} }'), [
    'tenants.others: found with from: host, but anybody may make up hosts: expected them in of',
    'tenants.of.b.hosts.0: found a.b, which is that of a',
    'tenants.of.c.hosts: found none, expected at least one with from: host',
  ])
})

test('what a tenant has of its own is there, and all shares are 100 at most', () => {
  deepEqual(said('from: claim.t, of: { a: { workers: { w: x, y: w } }, b: { share: 60 }, c: { share: 50 } }'), [
    'tenants.of.a.workers.w: found x, which is the name of no worker',
    'tenants.of.a.workers.y: is the name of no worker',
    'tenants.of.c.share: found 50, expected at most 40: all shares are 100 together',
  ])
})

test('no route shows one tenant what another has', () => {
  deepEqual(said('from: claim.t', 'view: { topic: v }, identity: required'), [
    'routes.a.view: lists what all tenants have: expected a key, or tenant: none',
  ])
  deepEqual(said('from: claim.t', 'stream: { topics: [s] }, identity: required'), [
    'routes.a.stream: tells what all tenants have: expected a filter that equals claim.<name>, or tenant: none',
  ])
  deepEqual(
    said('from: claim.t', 'stream: { topics: [s], filter: [{ of: key, equals: claim.t }] }, identity: required'),
    [],
  )
  deepEqual(said('from: claim.t, header: x-t', 'event: { topic: a }, identity: required, requestHeaders: [x-t]'), [
    'routes.a.requestHeaders.0: found x-t, which is tenants.header: a client could say it in place of its tenant',
  ])
})
