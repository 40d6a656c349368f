import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (push: string, more = ''): string => format(parse(`routes: {}\npush: { ${push} }\n${more}`, 'f').mistakes)
const url = 'url: http://a.example/in?b=c'

test('a subscriber has a topic and a URL', () => {
  equal(said(`a: { topic: t, ${url} }, b: { topic: t, ${url}, format: batch, filter: [{ of: /x, value: 1 }] }`), '')
  for (const wrong of ['ftp://a/', 'http://me@a/', 'http://a/#b', '/in'])
    ok(said(`a: { topic: t, url: '${wrong}' }`).includes('expected a URL with http:// or https://'), wrong)
})

test('it does not read what it gives up, nor the log of operations', () => {
  ok(said(`a: { topic: t, ${url}, dead: t }`).endsWith('found "t", which is the topic of the events, expected another'))
  ok(said(`a: { topic: sluice.operations, ${url} }`).includes('which is operations.topic, expected another'))
})

test('two subscribers of one topic have groups of their own', () => {
  const both = (topic: string): string =>
    said(`a: { topic: t, ${url}, group: g }, b: { topic: ${topic}, ${url}, group: g }`)
  equal(both('other'), '')
  ok(both('t').includes('which is that of push.a: they would share the events of one'))
})
