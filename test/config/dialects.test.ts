import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (worker: string): string =>
  format(parse(`routes: {}\nworkers: { a: { topic: t, ${worker} } }`, 'f').mistakes)

test('a dialect of one’s own has its names, and no other dialect has any', () => {
  equal(
    said('dialect: custom'),
    'f:2:36  workers.a.dialect: found "custom" without the names of its headers, expected custom',
  )
  equal(
    said('custom: { correlation: id, replyTopic: to }'),
    'f:2:27  workers.a.custom: found without dialect: custom, expected both',
  )
  equal(said('dialect: custom, custom: { correlation: id, replyTopic: to }'), '')
})

test('no two headers of a dialect have one name, whatever its case', () => {
  equal(
    said('dialect: custom, custom: { correlation: id, replyTopic: ID }'),
    'f:2:83  workers.a.custom.replyTopic: found "id", which is the header of correlation already, expected another',
  )
})

test('no content is written null, as YAML has it', () => {
  for (const [written, read] of [
    ['null', null],
    ['"null"', 'null'],
    ['empty', 'empty'],
  ] as const)
    equal(
      parse(`routes: {}\nworkers: { a: { topic: t, emptyBody: ${written} } }`, 'f').config?.workers['a']?.emptyBody,
      read,
    )
  equal(said('emptyBody: none'), 'f:2:38  workers.a.emptyBody: found "none", expected null, empty or object')
})
