import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { read } from '../../config/document.ts'
import { format } from '../../config/mistake.ts'
import type { Mistake } from '../../config/mistake.ts'
import { view } from '../../config/view.ts'

const text = 'server: { port: 80, host: 5 }\nworkers: { a: { topic: t }, "b b": {} }\nlog: { requests: false }'
const known: readonly Mistake[] = [
  { place: { file: 'f' }, path: ['server', 'host'], message: 'is wrong' },
  { place: { file: 'f' }, path: ['drain'], message: 'is wrong' },
]
function looking() {
  const mistakes: Mistake[] = []
  return { mistakes, seen: view(read(text, 'f', [])!, known, mistakes) }
}

test('a check sees what the document says, or else the default', () => {
  const { seen } = looking()
  equal(seen.number('server', 'port'), 80)
  equal(seen.number('admin', 'port'), 9090)
  equal(seen.text('workers', 'a', 'topic'), 't')
  equal(seen.text('workers', 'a', 'dialect'), 'sluice')
  equal(seen.truth('log', 'requests'), false)
  equal(seen.text('server', 'port'), undefined, 'of another type')
  deepEqual(seen.names('workers'), ['a', 'b b'])
  equal(seen.isMapping('workers', 'a'), true)
  equal(seen.isMapping('workers', 'a', 'topic'), false)
  deepEqual([seen.has('workers', 'a', 'topic'), seen.has('workers', 'a', 'dialect')], [true, false])
})

test('a check does not see what is wrong, nor what is inside it', () => {
  const { seen } = looking()
  equal(seen.text('server', 'host'), undefined)
  equal(seen.number('drain', 'delayMs'), undefined)
  deepEqual([seen.wrong('server'), seen.wrong('server', 'port'), seen.wrong('drain', 'delayMs')], [true, false, true])
})

test('a complaint stands at the value, or at what is around a silent one', () => {
  const { seen, mistakes } = looking()
  seen.complain(['server', 'port'], 'x')
  seen.complain(['workers', 'a', 'bulkhead', 'slots'], 'y')
  seen.complain(['admin', 'port'], 'z')
  equal(format(mistakes), 'f:1:17  server.port: x\nf:2:12  workers.a.bulkhead.slots: y\nf:1:1  admin.port: z')
})
