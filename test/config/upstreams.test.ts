import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { parse } from '../../config/load.ts'

const said = (text: string): readonly string[] =>
  parse(`routes: {}\n${text}`, 'gateway.yaml').mistakes.map(({ path, message }) => `${path.join('.')}: ${message}`)
const upstreams = 'upstreams: { shop: { urls: [http://a] } }'

test('what is called is an upstream that there is', () => {
  deepEqual(said(`${upstreams}\ncalls: { shop: { topic: a, upstream: shop } }`), [])
  deepEqual(said(`${upstreams}\ncalls: { shop: { topic: a, upstream: shpo } }`), [
    'calls.shop.upstream: found "shpo", which is no upstream, did you mean `shop`?',
  ])
})

test('nothing that is written by calls is read by them', () => {
  deepEqual(said(`${upstreams}\ncalls: { shop: { topic: a, dead: a, upstream: shop } }`), [
    'calls.shop.dead: found "a", which is the topic of the commands, expected another',
  ])
  deepEqual(said(`${upstreams}\ncalls: { shop: { topic: gateway.replies, upstream: shop } }`), [
    'calls.shop.topic: found "gateway.replies", which is replies.topic, expected another',
  ])
})

test('a dialect of one’s own has names, and a certificate its key', () => {
  deepEqual(said(`${upstreams}\ncalls: { shop: { topic: a, upstream: shop, dialect: custom } }`), [
    'calls.shop.dialect: found "custom" without custom, expected both',
  ])
  deepEqual(said('upstreams: { shop: { urls: [https://a], tls: { certFile: package.json } } }'), [
    'upstreams.shop.tls.certFile: found without keyFile, expected both',
  ])
})

test('the URL of an upstream holds no secret', () => {
  deepEqual(said('upstreams: { shop: { urls: ["http://user:secret@a"] } }').length, 1)
})
