import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { comparable, pointed } from '../../../src/bridge/feeds/pointer.ts'

test('a pointer finds what RFC 6901 says', () => {
  const document = { foo: ['bar', 'baz'], '': 0, 'a/b': 1, 'm~n': 8, ' ': 7 }
  const found = ['/foo', '/foo/0', '/', '/a~1b', '/m~0n', '/ ', ''].map(pointer => pointed(document, pointer))
  deepEqual(found, [['bar', 'baz'], 'bar', 0, 1, 8, 7, document])
})

test('what is not the own of a value is not found', () => {
  for (const pointer of ['/missing', '/foo/9', '/__proto__', '/foo/length/x', '/constructor/name'])
    equal(pointed({ foo: ['a'] }, pointer), undefined, pointer)
  equal(pointed(undefined, '/a'), undefined)
  equal(pointed('text', '/0'), undefined)
})

test('only single values can be compared', () => {
  deepEqual([comparable('a'), comparable(1.5), comparable(false)], ['a', '1.5', 'false'])
  deepEqual([comparable(null), comparable({}), comparable([]), comparable(undefined)], [null, null, null, null])
})
