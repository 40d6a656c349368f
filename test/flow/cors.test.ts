import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import { aGateway, anOrder } from '../help/gateway.ts'

const origin = 'https://shop.example'
const over = { routes: { 'place-order': { cors: { origins: [origin], credentials: true }, bodyBytes: 100 } } }
const preflight = { origin, 'access-control-request-method': 'POST' }

test('a preflight is answered without a route of its own, and nothing reaches the worker', async t => {
  const { ask, worker } = await aGateway(t, over)
  const { status, headers } = await ask('/orders', { method: 'OPTIONS', headers: preflight })
  equal(status, 204)
  equal(headers['access-control-allow-origin'], origin)
  equal(headers['access-control-allow-methods'], 'POST')
  match(String(headers['access-control-allow-headers']), /content-type/)
  equal(headers['access-control-allow-credentials'], 'true')
  equal(worker.commands.length, 0)
})

test('an origin that is not listed is granted nothing', async t => {
  const { ask } = await aGateway(t, over)
  const evil = { ...preflight, origin: 'https://evil.example' }
  const { status, headers } = await ask('/orders', { method: 'OPTIONS', headers: evil })
  deepEqual([status, headers['access-control-allow-origin'], headers['allow']], [204, undefined, 'POST, OPTIONS'])
  const refused = await ask('/orders', { body: 'x'.repeat(101), headers: { origin: 'https://evil.example' } })
  equal(refused.headers['access-control-allow-origin'], undefined)
})

test('a page may read problems too, and when to come back', async t => {
  const { ask, worker } = await aGateway(t, over)
  const refused = await ask('/orders', { body: 'x'.repeat(101), headers: { origin } })
  equal(refused.code, 'too-large')
  equal(refused.headers['access-control-allow-origin'], origin)
  match(String(refused.headers['access-control-expose-headers']), /retry-after, sluice-outcome/)
  const asked = ask('/orders', { body: anOrder, headers: { origin } })
  await (await worker.next()).reply({ status: 201 })
  const { status, headers } = await asked
  deepEqual([status, headers['access-control-allow-origin'], headers.vary], [201, origin, 'Origin'])
})

test('without the option an answer says nothing of origins', async t => {
  const { ask } = await aGateway(t)
  const { headers } = await ask('/orders', { body: {}, headers: { origin } })
  deepEqual([headers['access-control-allow-origin'], headers.vary], [undefined, undefined])
})

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const skip = existsSync(executablePath) || process.env['CI'] ? false : `There is no Chromium at ${executablePath}.`

/** What the script of a page sees of an answer of another origin; an error, where its browser keeps it from it. */
const seenBy = async (page: Page, url: string, credentials: 'omit' | 'include', method = 'POST') =>
  await page.evaluate(
    async ([url, credentials, method]) => {
      const asked = { method, credentials, headers: { 'content-type': 'application/json', 'x-shop': 'a' } }
      const body = method === 'POST' ? '{"orderId":"o-1"}' : undefined
      return await fetch(url, { ...asked, ...(body !== undefined && { body }) }).then(
        async answer => ({
          status: answer.status,
          outcome: answer.headers.get('sluice-outcome'),
          exposed: answer.headers.get('etag'),
          hidden: answer.headers.get('date'),
          text: await answer.text(),
        }),
        (error: Error) => error.name,
      )
    },
    [url, credentials, method] as const,
  )

test(
  'a browser on another origin: its preflight, credentials, exposed headers, and an origin that is blocked',
  { skip, timeout: 60_000 },
  async t => {
    const pages = createServer((_, res) => res.setHeader('content-type', 'text/html').end('<title>Shop</title>'))
    await new Promise<void>(resolve => void pages.listen(0, '127.0.0.1', resolve))
    t.after(() => {
      pages.closeAllConnections()
      pages.close()
    })
    const { port } = pages.address() as AddressInfo
    const [allowed, blocked] = [`http://127.0.0.1:${port}`, `http://localhost:${port}`]
    const headers = { requestHeaders: ['x-shop', 'cookie'], replyHeaders: ['etag'] }
    const cors = { origins: [allowed] }
    const { gateway, worker } = await aGateway(t, {
      routes: {
        'place-order': { ...headers, cors: { ...cors, credentials: true } },
        'read-order': { ...headers, cors },
      },
    })
    worker.always(command => {
      const text = {
        cookie: command.header('http-header-cookie') ?? null,
        shop: command.header('http-header-x-shop') ?? null,
      }
      void command.reply({
        status: 200,
        body: JSON.stringify(text),
        headers: { 'http-header-etag': '"1"' },
      })
    })
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    t.after(() => browser.close())
    const page = await browser.newPage()
    await page.goto(allowed)
    await page.context().addCookies([{ name: 'who', value: 'alice', url: allowed }])

    const answer = { status: 200, outcome: 'sent', exposed: '"1"', hidden: null }
    deepEqual(await seenBy(page, `${gateway.url}/orders`, 'include'), {
      ...answer,
      text: '{"cookie":"who=alice","shop":"a"}',
    })
    deepEqual(await seenBy(page, `${gateway.url}/orders/1`, 'omit', 'GET'), {
      ...answer,
      text: '{"cookie":null,"shop":"a"}',
    })
    equal(
      await seenBy(page, `${gateway.url}/orders/1`, 'include', 'GET'),
      'TypeError',
      'the route allows no credentials',
    )
    const before = worker.commands.length
    equal(await seenBy(page, `${gateway.url}/signals`, 'omit'), 'TypeError', 'the route has no cors')
    await page.goto(blocked)
    for (const credentials of ['omit', 'include'] as const)
      equal(await seenBy(page, `${gateway.url}/orders`, credentials), 'TypeError', 'the origin is not listed')
    equal(worker.commands.length, before, 'the browser has asked before it sent')
  },
)
