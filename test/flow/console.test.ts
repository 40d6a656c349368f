import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import { demo } from '../../src/worker/demo.ts'
import { aGateway, openGateway } from '../help/gateway.ts'
import type { Opened, Part } from '../help/gateway.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const skip = existsSync(executablePath) || process.env['CI'] ? false : `There is no Chromium at ${executablePath}.`
const token = 'the-token-of-the-console-test'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const under: Part = {
  admin: { token },
  faults: { mode: 'enforce' },
  workers: { orders: { breaker: { openMs: 1_000, consecutive: 3 } } },
  routes: { 'place-order': { timeoutMs: 300, commandTtlMs: 60_000 }, 'read-order': { timeoutMs: 60_000 } },
}

/** A browser with the console open, which fails for any complaint and any request that leaves the gateway. */
async function open(t: Scope, { gateway }: Pick<Opened, 'gateway'>, viewport = { width: 1280, height: 900 }) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport })
  const complaints: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => {
    if (!request.url().startsWith(gateway.adminUrl)) complaints.push(`asks ${request.url()}`)
  })
  await page.goto(`${gateway.adminUrl}/console`)
  await page.waitForSelector('#link.good')
  return { page, complaints }
}

/** Confirms what the page asks, with the token. */
async function confirm(page: Page, shown = token): Promise<void> {
  await page.fill('#token', shown)
  await page.click('#confirm-yes')
}

/** What axe-core finds against the page; of rows and cards that are alike it looks at two. */
async function violations(page: Page): Promise<readonly string[]> {
  const found: unknown =
    await page.evaluate(`${axe}; axe.run({ exclude: [['#waiting tr:nth-child(n+3)'], ['#routes article:nth-child(n+3)'], ['#refusals tr:nth-child(n+3)']] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`)
  return found as string[]
}

test(
  'the console shows a circuit open and close, cancels a call, and starts and stops a fault',
  { skip, timeout: 90_000 },
  async t => {
    const opened = await openGateway(t, under)
    const { ask, broker, gateway } = opened
    await gateway.ready
    let serving = await demo(broker, { topic: 'orders.commands' })
    const load = new AbortController()
    t.after(() => load.abort())
    const placing = (async () => {
      for (let n = 0; !load.signal.aborted; n++)
        await ask('/orders', { body: { orderId: `o-${n}`, amount: 1 } }).catch(() => {})
    })()
    const { page, complaints } = await open(t, opened)
    const circuit = page.locator('[data-circuit=orders]')
    // Playwright's own wait would evaluate text in the page, which its policy forbids
    await until('answers are counted', async () => /[1-9].* answered/.test((await page.textContent('#rate')) ?? ''))

    await serving[Symbol.asyncDispose]()
    await circuit.filter({ hasText: 'open for' }).waitFor()
    await page.locator('#refusals td', { hasText: 'circuit-open' }).first().waitFor()
    serving = await demo(broker, { topic: 'orders.commands' })
    await circuit.filter({ hasText: /^closed$/ }).waitFor()

    await page.getByRole('button', { name: 'Open the circuit orders' }).click()
    await confirm(page, 'not the token')
    await page.locator('#confirm-error', { hasText: 'admin.token' }).waitFor()
    await confirm(page)
    await circuit.filter({ hasText: 'held open' }).waitFor()
    await page.getByRole('button', { name: 'Let go the circuit orders' }).click()
    await confirm(page)
    await circuit.filter({ hasText: /^closed$/ }).waitFor()

    await page.selectOption('[name=kind]', 'abort')
    await page.fill('[name=value]', '418')
    await page.getByRole('button', { name: 'Start…' }).click()
    await confirm(page)
    await page.locator('#faults li', { hasText: 'console-abort' }).waitFor()
    await until('the fault strikes', async () => (await ask('/orders/o-1')).status === 418)
    await page.getByRole('button', { name: 'Stop the fault console-abort' }).click()
    await confirm(page)
    await page.locator('#faults li').waitFor({ state: 'detached' })
    equal((await ask('/orders/o-1')).status, 404) // the worker's own

    load.abort()
    await placing
    await serving[Symbol.asyncDispose]()
    const waiting = ask('/orders/o-1')
    const row = page.locator('#waiting tbody tr', { hasText: 'read-order' })
    await row.waitFor()
    const id = (await row.getAttribute('data-call')) ?? ''
    await row.getByRole('link').click()
    await page.locator('#life-steps', { hasText: 'orders.commands' }).waitFor()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.fill('#filter', 'read-order')
    await row.getByRole('button').click()
    await confirm(page)
    const { status, code, outcome } = await waiting
    deepEqual([status, code, outcome], [503, 'cancelled', 'sent'])
    await row.waitFor({ state: 'detached' })
    await page.goto(`${gateway.adminUrl}/console#call=${id}`)
    await page.locator('#life-steps', { hasText: 'An operator has ended the wait.' }).waitFor()
    await page.keyboard.press('Escape')

    // a token that was wrong is a 401 that the browser tells of, and so it shall be
    deepEqual(
      complaints.filter(text => !text.includes('401')),
      [],
    )
    deepEqual(await violations(page), [])
  },
)

test(
  'with a thousand calls that wait and a hundred routes it is usable, by keyboard, on a phone, in the dark',
  { skip, timeout: 90_000 },
  async t => {
    const routes = Object.fromEntries(
      Array.from({ length: 97 }, (_, n) => [
        `r-${n}`,
        { match: `GET /r${n}`, query: { to: 'orders' }, timeoutMs: 60_000 },
      ]),
    )
    const opened = await aGateway(t, { ...under, routes: { ...(under['routes'] as Part), ...routes } })
    const { ask, admin } = opened
    const leave = new AbortController()
    const html = '%3Cimg%20src=x%20onerror=alert(1)%3E'
    const calls = Array.from({ length: 1_000 }, (_, n) =>
      ask(`/r${n % 97}?x=${html}`, { signal: leave.signal }).catch(() => {}),
    )
    t.after(async () => {
      leave.abort()
      await Promise.all(calls)
    })
    type Told = Readonly<{ waiting: Readonly<{ total: number }> }>
    await until('all wait', async () => ((await admin.ask('/calls')).json as Told).waiting.total >= 500)
    const { page, complaints } = await open(t, opened, { width: 390, height: 844 })
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.locator('#waiting tbody tr').nth(99).waitFor()
    equal(await page.locator('#routes article').count(), 100)
    const width: unknown = await page.evaluate('document.documentElement.scrollWidth')
    ok(Number(width) <= 390, `${String(width)} pixels wide`)
    const slow: unknown = await page.evaluate(`new Promise(done => {
    let worst = 0, last = performance.now(), left = 150
    const look = now => { worst = Math.max(worst, now - last); last = now; left-- > 0 ? requestAnimationFrame(look) : done(worst) }
    requestAnimationFrame(look)
  })`)
    ok(Number(slow) < 500, `a frame took ${String(slow)} ms`)
    await page.keyboard.press('Tab')
    equal(await page.evaluate('document.activeElement.className'), 'skip')
    deepEqual(await violations(page), [])
    deepEqual(complaints, [])
  },
)

test('what clients and workers say is shown as text', { skip, timeout: 60_000 }, async t => {
  const opened = await aGateway(t, under)
  const html = '<img src=x onerror=alert(1)>'
  opened.worker.always(command => void command.reply({ status: html, body: html }))
  const { status, headers } = await opened.ask('/orders/<img>')
  equal(status, 502)
  const { page, complaints } = await open(t, opened)
  await page.goto(`${opened.gateway.adminUrl}/console#call=${headers['sluice-call-id']}`)
  await page.locator('#life-steps', { hasText: 'GET /orders/<img>' }).waitFor()
  equal(await page.locator('img').count(), 0)
  deepEqual(complaints, [])
})

test('the page lets no script in but its own, and nobody else frames or asks it', async t => {
  const { gateway, admin } = await openGateway(t, under)
  const page = await fetch(`${gateway.adminUrl}/console`)
  match(
    page.headers.get('content-security-policy') ?? '',
    /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/,
  )
  for (const headers of [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
  ])
    for (const path of ['/console/live', '/calls', '/metrics'])
      equal((await admin.ask(path, { headers })).status, 403, path)
  const change = { method: 'PUT', body: { force: 'open' } }
  const shown = { authorization: `Bearer ${token}` }
  equal((await admin.ask('/circuits/orders', change)).status, 401)
  equal((await admin.ask('/circuits/orders', { ...change, headers: { authorization: 'Bearer another' } })).status, 401)
  equal(
    (await admin.ask('/circuits/orders', { ...change, headers: { ...shown, origin: 'https://evil.example' } })).status,
    403,
  )
  equal((await admin.ask('/circuits/orders', { ...change, headers: shown })).status, 200)
})
