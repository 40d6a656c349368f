import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { buy } from '../../examples/mobile/client.ts'
import type { Phone, Purchase } from '../../examples/mobile/client.ts'
import { ticketOffice } from '../../examples/mobile/tickets.ts'
import { serve } from '../../src/worker/serve.ts'
import { openExample } from '../help/example.ts'

/** A network between the phone and the gateway that breaks when the test says so; each connection comes from another address. */
async function aNetwork(t: TestContext, to: string) {
  const lines = new Set<Socket>()
  let lost = 0
  let networks = 0
  const server = createServer({ allowHalfOpen: true }, near => {
    const localAddress = `127.0.0.${2 + (networks++ % 100)}`
    const far = connect({ port: Number(new URL(to).port), host: '127.0.0.1', localAddress, allowHalfOpen: true })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      lines.add(one)
      one.on('data', chunk => other.write(chunk))
      one.on('error', () => {})
      one.on('close', () => {
        lines.delete(one)
        other.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    lost++
    for (const line of lines) line.destroy()
  }
  t.after(() => {
    cut()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cut, lost: () => lost }
}

async function aTrain(t: TestContext) {
  const { gateway, broker } = await openExample(t, 'mobile')
  const { sell, sold } = ticketOffice(100)
  const serving = await serve({ broker, topic: 'tickets.commands', group: 'tickets', stopMs: 0 }, sell)
  t.after(() => serving.close())
  const network = await aNetwork(t, gateway.url)
  let saved: Purchase | null = null
  const heard: string[] = []
  const phone: Phone = {
    url: network.url,
    apiKey: 'demo-key-of-a-phone',
    save: purchase => void (saved = purchase),
    heard: (event, data) => void heard.push(event === 'progress' ? JSON.stringify(data) : event),
    againMs: 20,
  }
  return { phone, network, sold, heard, saved: () => saved }
}

const aPurchase = (): Purchase => ({ key: randomUUID(), body: { seat: 'A1' }, operation: null, lastEvent: '' })

test('a phone whose connection breaks again and again buys one ticket, and hears nothing twice', async t => {
  const { phone, network, sold, heard } = await aTrain(t)
  let afterMs = 30
  const cut = (): void => {
    network.cut()
    afterMs *= 1.25 // on a slow machine a request must get through at last, too
    cutting = setTimeout(cut, afterMs)
  }
  let cutting = setTimeout(cut, afterMs)
  t.after(() => clearTimeout(cutting))
  const outcome = await buy(phone, aPurchase())
  clearTimeout(cutting)
  deepEqual(outcome, { status: 201, body: { seat: 'A1', ticket: 1 } })
  deepEqual(sold, ['A1'])
  deepEqual([heard[0], heard.at(-1)], ['accepted', 'completed'])
  equal(new Set(heard).size, heard.length)
  ok(network.lost() >= 3, `${network.lost()} times`)
})

test('an application that was closed goes on with what it had saved, from another network', async t => {
  const { phone, network, sold, heard, saved } = await aTrain(t)
  const closing = new AbortController()
  const first: Phone = {
    ...phone,
    heard: (event, data) => {
      phone.heard(event, data)
      if (event === 'progress') closing.abort(new Error('The application is closed.'))
    },
    signal: closing.signal,
  }
  await rejects(buy(first, aPurchase()), /closed/)
  network.cut()
  const purchase = saved()
  if (purchase === null) throw new Error('Nothing was saved.')
  const before = new Set(heard)
  const outcome = await buy(phone, purchase)
  deepEqual(outcome, { status: 201, body: { seat: 'A1', ticket: 1 } })
  equal(heard.at(-1), 'completed')
  equal(new Set(heard).size, heard.length)
  ok(before.has('accepted') && !before.has('completed'))
  deepEqual(sold, ['A1'])
  // whoever asks with the same key once more is answered the same
  deepEqual(await buy(phone, { ...purchase, operation: null }), outcome)
})

test('a purchase that is refused is refused once and for all', async t => {
  const { phone, sold } = await aTrain(t)
  const { status } = await buy(phone, { ...aPurchase(), body: {} })
  equal(status, 422)
  deepEqual(sold, [])
})
