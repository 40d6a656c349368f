import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { embedded, exactJson, isStruct, textOf } from '../../../src/bridge/cdc/json.ts'

const through = (text: string): string => JSON.stringify(exactJson(Buffer.from(text)))

test('numbers keep all their digits, whatever JavaScript could hold', () => {
  for (const text of ['9007199254740993', '[1.10,1e400,-0]', '{"n":12345678901234567890.5}', '[0.1,1,-7]'])
    equal(through(text), text)
})

test('any JSON comes through as it was', () => {
  fc.assert(fc.property(fc.json(), text => deepEqual(JSON.parse(through(text)), JSON.parse(text))))
})

test('what is no JSON is undefined, and text within text is embedded only if it is some', () => {
  for (const bytes of [Buffer.from(''), Buffer.from('{'), Buffer.from([0x22, 0xff, 0x22])])
    equal(exactJson(bytes), undefined)
  equal(
    JSON.stringify([embedded('{"n":9007199254740993}'), embedded('no JSON'), embedded('null')]),
    '[{"n":9007199254740993},"no JSON",null]',
  )
})

test('a number that stands for its own text is no struct, and its text is that of its digits', () => {
  equal(isStruct(exactJson(Buffer.from('9007199254740993'))), false)
  equal(textOf(exactJson(Buffer.from('9007199254740993'))), '9007199254740993')
  deepEqual([isStruct({}), isStruct([]), isStruct(null), textOf('t')], [true, false, false, 't'])
  equal(isStruct({ rawJSON: 'a column of that name' }), true)
})
