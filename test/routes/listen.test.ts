import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { equal, rejects } from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostAndPort, listen } from '../../src/routes/listen.ts'
import { until } from '../help/until.ts'

const host = '127.0.0.1'
function aServer(t: TestContext): Server {
  const server = createServer()
  t.after(() => void server.close())
  return server
}
function aPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'sluice.sock')
}

test('a taken port is said in one sentence', async t => {
  const first = aServer(t)
  await listen(first, { host, port: 0 })
  const { port } = first.address() as AddressInfo
  await rejects(listen(aServer(t), { host, port }), {
    message: `Cannot listen on 127.0.0.1, port ${port}: it is in use.`,
  })
})

test('an address of another machine is said too', async t => {
  await rejects(listen(aServer(t), { host: '192.0.2.1', port: 0 }), {
    message: 'Cannot listen on 192.0.2.1, port 0: this machine has no such address.',
  })
})

test('a Unix socket is open to its owner and group', async t => {
  const socket = aPath(t)
  await listen(aServer(t), { host, port: 0, socket })
  equal(statSync(socket).mode & 0o777, 0o660)
})

test('a socket that a dead process left is replaced', async t => {
  const socket = aPath(t)
  const script = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  equal(existsSync(socket), true)
  await listen(aServer(t), { host, port: 0, socket })
})

test('a socket that is alive is left alone', async t => {
  const socket = aPath(t)
  await listen(aServer(t), { host, port: 0, socket })
  await rejects(listen(aServer(t), { host, port: 0, socket }), { message: `Cannot listen on ${socket}: it is in use.` })
})

test('a file that is no socket is left alone', async t => {
  const socket = aPath(t)
  writeFileSync(socket, 'mine')
  await rejects(listen(aServer(t), { host, port: 0, socket }), { message: `Cannot listen on ${socket}: it is in use.` })
  equal(existsSync(socket), true)
})

test('an address with colons stands in brackets', () => {
  equal(hostAndPort('::1', 80), '[::1]:80')
  equal(hostAndPort('localhost', 80), 'localhost:80')
})

const mostWaiting = existsSync('/proc/sys/net/core/somaxconn')
  ? Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
  : 0
const skip = mostWaiting < 2_000 && 'the system lets fewer wait'

test('two thousand who come at once are let in, although the process is busy', { skip }, async t => {
  const listening = new URL('../../src/routes/listen.ts', import.meta.url).href
  const code = `import { listen } from '${listening}'
    const server = (await import('node:net')).createServer()
    await listen(server, { host: '${host}', port: 0 })
    console.log(server.address().port)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGSTOP')
  const sockets: Socket[] = []
  t.after(() => sockets.forEach(socket => socket.destroy()))
  for (let i = 0; i < 2_000; i++) sockets.push(connect(Number(port), host).on('error', () => {}))
  await until('all are connected', () => sockets.every(({ readyState }) => readyState === 'open'), 20_000)
})
