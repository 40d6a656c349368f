import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'

test('as a sidecar it listens on a Unix socket of its user and group alone, and takes it away again', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const socket = join(folder, 'sluice.sock')
  const { ask, gateway, worker } = await aGateway(t, {
    server: { socket },
    routes: { 'place-order': { quota: { requests: 1, windowMs: 60_000 } } },
  })
  equal(gateway.url, `unix:${socket}`)
  equal(statSync(socket).mode & 0o777, 0o660)
  worker.always(command => void command.reply({ status: 201 }))
  equal((await ask('/orders', { body: anOrder })).status, 201)
  equal((await ask('/orders', { body: anOrder })).status, 429, 'whoever opens the socket is one client')
  await gateway.stop({ delayMs: 0 })
  equal(existsSync(socket), false)
})

test('its address is one that can be dialled', async t => {
  const everywhere = await openGateway(t, { server: { host: '0.0.0.0' } })
  match(everywhere.gateway.url, /^http:\/\/localhost:\d+$/)
  const { gateway } = await openGateway(t, { server: { host: '127.0.0.2' } })
  match(gateway.url, /^http:\/\/127\.0\.0\.2:\d+$/)
})
