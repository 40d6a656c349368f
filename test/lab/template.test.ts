import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { compile, identifies } from '../../src/lab/template.ts'
import type { Template } from '../../src/lab/template.ts'

const order: Template = { method: 'POST', path: '/orders', headers: {}, body: '{"id":"{{id}}"}' }
const errand = { id: '0-7', key: 'k', client: '10.0.0.1' }
const write = (over: Partial<Template>) => compile({ ...order, ...over }, 'h:1')

test('a request is written with its values, and says how long it is', () => {
  equal(
    write({ path: '/o/{{key}}', headers: { 'X-Who': '{{client}}' } })(errand, 5.4),
    'POST /o/k HTTP/1.1\r\nHost: h:1\r\nX-Who: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"id":"0-7"}',
  )
})

test('values are counted, drawn and chosen', () => {
  const many = write({ body: '{{seq}} {{int 3 4}} {{pick a b}} {{wantedUntil}}' })
  const bodies = Array.from({ length: 50 }, () => many(errand, 9.6).split('\r\n\r\n')[1] ?? '')
  deepEqual(bodies.map(body => Number(body.split(' ')[0])).slice(0, 3), [0, 1, 2])
  for (const body of bodies) match(body, /^\d+ [34] [ab] 10$/)
  ok(new Set(bodies.map(body => body.replace(/^\d+/, ''))).size > 2)
})

test('what is no value stays as it is written', () => {
  match(write({ body: '{{what}} {{ id }} {id}' })(errand, 0), /\{\{what\}\} \{\{ id \}\} \{id\}$/)
})

test('a GET has no body, and its length is that of its bytes elsewhere', () => {
  ok(!write({ method: 'GET' })(errand, 0).includes('Content-Length'))
  match(write({ body: 'ä' })(errand, 0), /Content-Length: 2\r\n\r\n\u00c3\u00a4$/)
})

test('whether answers can be told apart is seen by the template', () => {
  deepEqual([identifies(order), identifies({ ...order, body: '{}' })], [true, false])
})
