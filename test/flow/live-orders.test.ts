import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { load } from '../../config/load.ts'
import { Config } from '../../config/schema/index.ts'
import { start } from '../../src/app.ts'
import type { Gateway } from '../../src/app.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { merged } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'

const example = join(import.meta.dirname, '../../examples/live-orders')
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const skip = existsSync(executablePath) || process.env['CI'] ? false : `There is no Chromium at ${executablePath}.`

test(
  'the page shows orders as they come, and goes on over a restart of the gateway',
  { skip, timeout: 60_000 },
  async t => {
    const files = createServer((_req, res) =>
      res.setHeader('content-type', 'text/html').end(readFileSync(join(example, 'index.html'))),
    ).listen(0, '127.0.0.1')
    t.after(() => files.close())
    await once(files, 'listening')
    const origin = `http://127.0.0.1:${(files.address() as AddressInfo).port}`

    const { config } = load(join(example, 'gateway.yaml'), { env: {}, set: ['admin.port=0', 'log.level=silent'] })
    const broker = new MemoryBroker()
    const open = async (port: number): Promise<Gateway> => {
      const over: Part = {
        server: { host: '127.0.0.1', port },
        drain: { delayMs: 0 },
        routes: { 'place-order': { cors: { origins: [origin] } }, 'live-orders': { cors: { origins: [origin] } } },
      }
      const gateway = await start(Config.parse(merged(config as unknown as Part, over)), { broker })
      await gateway.ready
      return gateway
    }
    let gateway = await open(0)
    t.after(() => gateway.stop({ delayMs: 0 }))
    const { url } = gateway

    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    t.after(() => browser.close())
    const page = await browser.newPage({ viewport: { width: 760, height: 420 } })
    await page.goto(`${origin}/?gateway=${encodeURIComponent(url)}`)
    const place = async (orderId: string, amount: string): Promise<void> => {
      await page.fill('[name=orderId]', orderId)
      await page.fill('[name=amount]', amount)
      await page.click('button')
    }
    const shown = (count: number) =>
      page
        .waitForSelector(`#orders tr:nth-child(${count})`)
        .then(() => page.locator('#orders td:first-child').allTextContents())

    await page.waitForSelector('#state.live')
    await place('o-1', '42')
    deepEqual(await shown(1), ['o-1'])
    await gateway.stop({ delayMs: 0 })
    await page.waitForSelector('#state:not(.live)')
    gateway = await open(Number(new URL(url).port))
    await page.waitForSelector('#state.live')
    await place('o-2', '1200')
    await shown(2)
    await place('o-3', '7')
    deepEqual(await shown(3), ['o-3', 'o-2', 'o-1'])
    equal(await page.locator('tr.alert').count(), 1)
    if (process.env['PICTURE']) await page.screenshot({ path: join(example, 'picture.png') })
  },
)
