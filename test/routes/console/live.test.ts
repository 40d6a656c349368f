import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { events } from '../../../src/events.ts'
import type { Happenings } from '../../../src/events.ts'
import { Live } from '../../../src/routes/console/live.ts'
import type { Scope } from '../../help/scope.ts'
import { until } from '../../help/until.ts'

async function opened(t: Scope, live: Live) {
  const server = createServer((_req, res) => live.join(res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    live[Symbol.dispose]()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return async () => {
    const [res] = (await once(get({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage]
    const told: Record<string, unknown>[] = []
    let text = ''
    res.on('data', (chunk: Buffer) => {
      text += chunk
      for (const [all, json = ''] of text.matchAll(/data: (.*)\n\n/g)) {
        told.push(JSON.parse(json) as Record<string, unknown>)
        text = text.replace(all, '')
      }
    })
    res.on('error', () => {})
    return { res, told }
  }
}

test('who joins is told all, and then what has changed', async t => {
  let count = 0
  const look = await opened(t, new Live({ now: () => ({ same: 1, count: count++ }), past: () => ({ before: [1] }) }))
  const { told } = await look()
  await until('a second has passed', () => told.length >= 2)
  deepEqual(told.slice(0, 2), [{ same: 1, count: 0, before: [1] }, { count: 1 }])
})

test('nothing is gathered while nobody looks', async t => {
  let gathered = 0
  const look = await opened(t, new Live({ now: () => ({ n: gathered++ }), past: () => ({}) }))
  equal(gathered, 0)
  const { res } = await look()
  equal(gathered, 1)
  res.destroy()
})

test('beyond the bound a page is refused, and comes again', async t => {
  const look = await opened(t, new Live({ now: () => ({}), past: () => ({}) }))
  for (let n = 0; n < 16; n++) equal((await look()).res.statusCode, 200)
  const { res } = await look()
  equal(res.statusCode, 503)
  match(String(res.headers['retry-after']), /^\d+$/)
})

test('what cannot be gathered is a warning, and the page stays', async t => {
  const warnings: string[] = []
  const listener = ({ what }: Happenings['warning']): void => void warnings.push(what)
  events.warning.subscribe(listener)
  t.after(() => events.warning.unsubscribe(listener))
  let looks = 0
  const now = (): Readonly<Record<string, unknown>> => {
    if (looks++ === 1) throw new Error('canary')
    return { looks }
  }
  const look = await opened(t, new Live({ now, past: () => ({}) }))
  const { told } = await look()
  await until('it was told again', () => told.length >= 2)
  deepEqual([told[1], warnings], [{ looks: 3 }, ['The console could not be told.']])
})
