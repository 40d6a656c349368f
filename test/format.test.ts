import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { formatOf } from '../src/format.ts'

test('the name of a file says its format, unless that is given', () => {
  const names = ['a.avsc', 'a.PROTO', 'a.desc', 'a.json', 'a']
  deepEqual(
    names.map(name => formatOf(name, undefined)),
    ['avro', 'protobuf', 'protobuf', 'json', 'json'],
  )
  deepEqual(formatOf('a.json', 'avro'), 'avro')
})
