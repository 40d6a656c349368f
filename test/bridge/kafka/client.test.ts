import { suite, test } from 'node:test'
import type { TestContext } from 'node:test'
import { equal, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Config } from '../../../config/schema/index.ts'
import { access } from '../../../src/bridge/kafka/access.ts'
import { client, withAdmin } from '../../../src/bridge/kafka/client.ts'
import { until } from '../../help/until.ts'

/** Listens as a broker that closes every connection; counts them. */
async function closing(t: TestContext, host: string) {
  let dials = 0
  const server = createServer(socket => (dials++, socket.destroy())).listen(0, host)
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, dials: () => dials }
}

const reach = (brokers: string) => access(Config.parse({ routes: {}, broker: { brokers } }).broker)

suite('the client for groups and topics', () => {
  test('a piece of work gives up soon on a broker that closes every connection', { timeout: 20_000 }, async t => {
    const { port, dials } = await closing(t, '127.0.0.1')
    await rejects(withAdmin(reach(`127.0.0.1:${port}`), async () => {}))
    equal(dials(), 3, 'once, and two repetitions')
  })

  test('what waits for a broker ends when the client is cut off', { timeout: 20_000 }, async t => {
    const { port, dials } = await closing(t, '127.0.0.1')
    const cut = new AbortController()
    const connecting = client(reach(`127.0.0.1:${port}`), { cut: cut.signal })
      .admin()
      .connect()
    await until('it tries again', () => dials() > 1)
    cut.abort()
    await rejects(connecting, /the client is closed/)
  })

  test('a broker with an IPv6 address is reached too', { timeout: 20_000 }, async t => {
    const { port, dials } = await closing(t, '::1')
    await rejects(withAdmin(reach(`[::1]:${port}`), async () => {}))
    equal(dials(), 3)
  })
})
