import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { chromium } from 'playwright-core'
import { openGateway } from '../help/gateway.ts'

const over = {
  api: { title: 'Shop & more', expose: true, docs: true },
  server: { headers: { 'content-security-policy': "default-src 'none'" } },
}

test('the page and its script are served with a strict policy, and the script only once', async t => {
  const { ask } = await openGateway(t, over)
  const page = await ask('/docs')
  equal(page.status, 200)
  match(String(page.headers['content-security-policy']), /^default-src 'none'; script-src 'self';/)
  match(page.text, /<title>Shop &#38; more<\/title>/)
  const script = await ask('/docs/scalar.js', { headers: { 'accept-encoding': 'gzip' } })
  deepEqual([script.status, script.headers['content-encoding']], [200, 'gzip'])
  const plain = await ask('/docs/scalar.js')
  equal(gunzipSync(script.bytes).length, plain.bytes.length)
  const again = await ask('/docs/scalar.js', { headers: { 'if-none-match': String(script.headers.etag) } })
  equal(again.status, 304)
})

test('where it is not asked for there is no page', async t => {
  const { ask } = await openGateway(t, { api: { expose: true } })
  equal((await ask('/docs')).status, 404)
})

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const skip = existsSync(executablePath) || process.env['CI'] ? false : `There is no Chromium at ${executablePath}.`

test(
  'a browser shows every route without an error, and asks nobody else for anything',
  { skip, timeout: 60_000 },
  async t => {
    const { gateway } = await openGateway(t, over)
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    t.after(() => browser.close())
    const page = await browser.newPage()
    const [errors, outside]: [string[], string[]] = [[], []]
    page.on('console', message => message.type() === 'error' && errors.push(message.text()))
    page.on('pageerror', error => errors.push(error.message))
    page.on('request', request => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(gateway.url)) outside.push(request.url())
    })
    await page.goto(`${gateway.url}/docs`)
    for (const path of ['/orders', '/orders/{orderId}', 'signals'])
      await page.getByText(path, { exact: false }).first().waitFor({ timeout: 45_000 })
    ok(await page.getByText('Shop & more').first().isVisible())
    deepEqual({ errors, outside }, { errors: [], outside: [] })
  },
)
