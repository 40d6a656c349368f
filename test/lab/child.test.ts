import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { beside, Child } from '../../src/lab/child.ts'

const script = (text: string): readonly string[] => ['--input-type=module', '--eval', text]

test('what is said to it is heard, and what it says', async () => {
  const child = new Child<{ ask: number }, Readonly<{ kind: 'answer'; twice: number }>>(
    'a child',
    script(`process.on('message', ({ ask }) => process.send({ kind: 'answer', twice: 2 * ask }))`),
  )
  const told = child.told('answer')
  child.tell({ ask: 21 })
  deepEqual(await told, { kind: 'answer', twice: 42 })
  await child.end()
  equal(child.alive, false)
})

test('one that ends without a word is told with its last words', async () => {
  const child = new Child<object, Readonly<{ kind: 'answer' }>>('a child', script(`console.error('no such file')`))
  await rejects(child.told('answer'), /a child ended without having told `answer`:\nno such file/)
})

test('one that does not end when asked is killed', async () => {
  const child = new Child<object, Readonly<{ kind: 'ready' }>>(
    'a child',
    script(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.send({ kind: 'ready' })`),
  )
  await child.told('ready')
  await child.end(50)
  equal(child.alive, false)
})

test('files of the laboratory are found', () => {
  ok(existsSync(beside('attend.ts')))
  ok(existsSync(beside('../main.ts')))
})
