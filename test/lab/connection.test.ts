import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Connection, parse } from '../../src/lab/connection.ts'
import type { Heard } from '../../src/lab/connection.ts'

const answer = (body: string, head = ''): string =>
  `HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`

/** A server that hands over its connections; `dials` counts them. */
async function aServer(t: TestContext, serve: (socket: Socket) => void) {
  let dials = 0
  const server = createServer(socket => {
    dials++
    socket.on('error', () => {})
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const connection = new Connection((server.address() as AddressInfo).port)
  t.after(() => connection.close())
  const ask = (request: string): Promise<Heard | null> => new Promise(resolve => connection.send(request, resolve))
  return { ask, connection, dials: () => dials }
}

test('an answer is complete when its length is there', () => {
  const whole = answer('ab')
  for (let length = 0; length < whole.length; length++) equal(parse(whole.slice(0, length)), null)
  const heard = { status: 200, outcome: '', code: '', retryAfterMs: 0, body: 'ab', last: false }
  deepEqual(parse(whole), heard)
})

test('of a refusal its outcome, its code and the time to wait are read', () => {
  const body = '{"code":"shed","outcome":"not-sent"}'
  const head = `HTTP/1.1 503 x\r\nsluice-outcome: not-sent\r\nRetry-After: 2\r\nconnection: close\r\nContent-Length: ${body.length}`
  const heard = { status: 503, outcome: 'not-sent', code: 'shed', retryAfterMs: 2_000, body, last: true }
  deepEqual(parse(`${head}\r\n\r\n${body}`), heard)
})

test('requests follow one another on one connection, answers may come in pieces', async t => {
  const { ask, dials } = await aServer(t, socket =>
    socket.on('data', data => {
      const whole = answer(data.toString())
      socket.write(whole.slice(0, 20))
      setImmediate(() => socket.write(whole.slice(20)))
    }),
  )
  equal((await ask('a'))?.body, 'a')
  equal((await ask('b'))?.body, 'b')
  equal(dials(), 1)
})

test('a lost connection is told, and the next request dials again', async t => {
  const { ask, dials } = await aServer(t, socket =>
    socket.on('data', data => (data.toString() === 'bad' ? socket.destroy() : socket.write(answer('x')))),
  )
  equal(await ask('bad'), null)
  equal((await ask('good'))?.status, 200)
  equal(dials(), 2)
})

test('what closes after its answer is dialled again', async t => {
  const { ask, dials } = await aServer(t, socket =>
    socket.on('data', () => socket.end(answer('x', 'Connection: close\r\n'))),
  )
  await ask('a')
  await ask('b')
  equal(dials(), 2)
})

test('who has hung up hears nothing, and may ask again', async t => {
  const sockets: Socket[] = []
  const { ask, connection } = await aServer(t, socket => {
    sockets.push(socket)
    socket.on('data', data => data.toString() !== 'slow' && socket.write(answer(data.toString())))
  })
  let heard = 0
  connection.send('slow', () => heard++)
  connection.close()
  equal((await ask('quick'))?.body, 'quick')
  equal(heard, 0)
})
