import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { report } from '../../src/lab/report/index.ts'
import { sweepReport } from '../../src/lab/report/sweep.ts'
import { scoreOf } from '../../src/lab/sweep.ts'
import { aResult } from '../lab/results.ts'
import { folder } from '../help/folder.ts'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const skip = existsSync(executablePath) || process.env['CI'] ? false : `There is no Chromium at ${executablePath}.`
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Where to keep pictures, for whoever wants to look at them. */
const pictures = process.env['SLUICE_PICTURES']

type Violations = readonly Readonly<{ id: string; nodes: readonly Readonly<{ html: string }>[] }>[]

const screens = [
  { name: 'desk', width: 1_100, colorScheme: 'light' },
  { name: 'dark', width: 1_100, colorScheme: 'dark' },
  { name: 'phone', width: 360, colorScheme: 'light' },
] as const

test(
  'the report opens without an error, asks nobody for anything, and can be read by everybody',
  { skip, timeout: 90_000 },
  async t => {
    const dir = folder(t)
    const first = scoreOf(['a.slots=1'], aResult())
    const scores = [
      first,
      { ...first, point: ['a.slots=2'], p99: 90 },
      { ...first, point: ['a.slots=3'], answeredPercent: 70 },
    ]
    const files = {
      one: report([aResult()]),
      sweep: sweepReport({
        title: 'What if',
        at: '2026-01-02T03:04:05Z',
        tookMs: 900,
        scores,
        confirmed: [{ simulated: first, real: first }],
      }),
      two: report([aResult(), aResult({ variant: 'without-policies' })]),
    }
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    t.after(() => browser.close())
    for (const [file, html] of Object.entries(files)) {
      const path = join(dir, `${file}.html`)
      writeFileSync(path, html)
      for (const { name, width, colorScheme } of screens) {
        const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true })
        const page = await context.newPage()
        const [errors, asked]: [string[], string[]] = [[], []]
        page.on('pageerror', error => errors.push(error.message))
        page.on('console', message => {
          if (message.type() === 'error') errors.push(message.text())
        })
        page.on('request', request => asked.push(request.url()))
        await page.goto(pathToFileURL(path).href)
        deepEqual([errors, asked], [[], [pathToFileURL(path).href]], `${file} on ${name}`)
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        equal(overflow, 0, `${file} on ${name} is wider than the screen`)
        await page.evaluate(axe)
        const violations = await page.evaluate<Violations>('axe.run().then(found => found.violations)')
        const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
        deepEqual(told, [], `${file} on ${name}`)
        ok((await page.locator('svg[role=img]').count()) >= (file === 'sweep' ? 1 : 6))
        if (pictures !== undefined) {
          mkdirSync(pictures, { recursive: true })
          await page.screenshot({ path: join(pictures, `${file}-${name}.png`), fullPage: true })
        }
        await context.close()
      }
    }
  },
)
