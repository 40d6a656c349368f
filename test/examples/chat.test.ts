import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openExample } from '../help/example.ts'

const run = promisify(execFile)
const script = join(import.meta.dirname, '..', '..', 'examples', 'chat', 'chat.mjs')

test('what was said is read from where it was left', async t => {
  const { gateway } = await openExample(t, 'chat')
  await gateway.ready
  const chat = async (...args: readonly string[]) =>
    (await run(process.execPath, [script, `${gateway.url}/chats/7`, ...args])).stdout
  await chat('say', 'hello')
  await chat('say', 'anybody there?')
  const read = await chat('read')
  const [, offset = '', log] = /^hello\nanybody there\?\ngo on with: (0{15}3_(\w{4}))\n$/.exec(read) ?? []
  await chat('say', 'yes')
  equal(await chat('read', offset), `yes\ngo on with: 0000000000000004_${log}\n`)
})
