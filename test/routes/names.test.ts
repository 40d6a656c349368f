import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import fc from 'fast-check'
import { fromField, isSendable, mayPassIn, mayPassOut, toField } from '../../src/routes/names.ts'

test('no name of the wire and nothing of the connection goes to a worker', () => {
  for (const name of [
    'ce_id',
    'ce-id',
    'sluice-correlation-id',
    'kafka_replyTopic',
    'http-method',
    'connection',
    'te',
    'upgrade',
  ])
    equal(mayPassIn(name), false, name)
  for (const name of ['accept-language', 'authorization', 'x-tenant']) equal(mayPassIn(name), true, name)
})

test('no worker speaks in our name or frames the answer', () => {
  for (const name of [
    'sluice-outcome',
    'content-length',
    'transfer-encoding',
    'connection',
    'date',
    'server-timing',
    'ratelimit',
  ])
    equal(mayPassOut(name), false, name)
  for (const name of ['etag', 'location', 'set-cookie', 'retry-after']) equal(mayPassOut(name), true, name)
})

test('a value with a control character cannot be sent, one with a tab can', () => {
  for (const value of ['a\r\nb', 'a\0', '\u007f']) equal(isSendable(value), false)
  equal(isSendable('a\tb é ✓'), true)
})

test('text in UTF-8 survives a header both ways, bytes that are none stay as they are', () => {
  equal(fromField(Buffer.from('grün ✓').toString('latin1')), 'grün ✓')
  equal(fromField('gr\u00fcn'), 'gr\u00fcn')
  equal(fromField(toField('✓')), '✓')
  fc.assert(fc.property(fc.string(), text => /^[\u0000-\u00ff]*$/.test(toField(text)))) // oxlint-disable-line no-control-regex
})
