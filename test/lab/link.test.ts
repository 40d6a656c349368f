import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { now, since } from '../../src/clock.ts'
import { Link } from '../../src/lab/link.ts'

/** A server that sends everything back, behind a link. */
async function anEcho(t: TestContext) {
  const server = createServer(socket => void socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const link = await Link.open({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  t.after(async () => {
    await link[Symbol.asyncDispose]()
    server.close()
  })
  const ask = async (text: string): Promise<string> => {
    const socket = connect(link.port, '127.0.0.1')
    socket.on('error', () => {}).write(text)
    let heard = ''
    socket.setEncoding('utf8').on('data', chunk => {
      heard += String(chunk)
      if (heard.length >= text.length) socket.end()
    })
    await once(socket, 'close')
    return heard
  }
  return { link, ask }
}

test('what is sent comes through as it is', async t => {
  const { ask } = await anEcho(t)
  equal(await ask('hello'), 'hello')
})

test('a slow network delays both directions, and mends', async t => {
  const { link, ask } = await anEcho(t)
  link.suffer({ latencyMs: 60, cut: false })
  const begun = now()
  equal(await ask('hello'), 'hello')
  ok(since(begun) >= 118, `${since(begun)} ms`)
  link.suffer(null)
  equal(await ask('again'), 'again')
})

test('a narrow network takes time for each byte, and keeps their order', async t => {
  const { link, ask } = await anEcho(t)
  link.suffer({ latencyMs: 0, bytesPerSecond: 100_000, cut: false })
  const text = 'abcdefghij'.repeat(1_000)
  const begun = now()
  equal(await ask(text), text)
  ok(since(begun) >= 95, `${since(begun)} ms`)
})

test('a cut network ends connections, and refuses new ones', async t => {
  const { link, ask } = await anEcho(t)
  link.suffer({ latencyMs: 0, cut: true })
  equal(await ask('hello'), '')
})
