import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parse } from 'yaml'
import { demo } from '../../src/worker/demo.ts'
import { withRunbook } from '../../tools/alerts.ts'
import { dashboardQueries } from '../../tools/grafana.ts'
import { folder } from '../help/folder.ts'
import { anOrder, openGateway } from '../help/gateway.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const root = join(import.meta.dirname, '../..')
const bin = process.env['PROMETHEUS'] ?? '/usr/bin'
const skip = existsSync(join(bin, 'promtool')) || process.env['CI'] ? false : `There is no Prometheus in ${bin}.`

type Alert = Readonly<{ alert: string; expr: string; annotations: Readonly<{ runbook_url: string }> }>
const alertsOf = (yaml: string): readonly Alert[] =>
  (parse(yaml) as { groups: { rules: Alert[] }[] }).groups.flatMap(({ rules }) => rules)
const alerts = alertsOf(readFileSync(join(root, 'prometheus/alerts.yaml'), 'utf8'))

function promtool(args: readonly string[], input = ''): void {
  const { status, stdout, stderr } = spawnSync(join(bin, 'promtool'), args, {
    input,
    encoding: 'utf8',
    cwd: root,
    timeout: 30_000,
  })
  equal(status, 0, `${stdout}\n${stderr}`)
}

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** A Prometheus that scrapes the targets five times a second; what answers its API. */
async function prometheus(t: Scope, targets: readonly string[]) {
  const at = folder(t)
  const port = await freePort()
  const jobs = { job_name: 'sluice', scrape_interval: '200ms', scrape_timeout: '200ms', static_configs: [{ targets }] }
  writeFileSync(
    join(at, 'prometheus.yml'),
    JSON.stringify({ rule_files: [join(root, 'prometheus/alerts.yaml')], scrape_configs: [jobs] }),
  )
  const child = spawn(
    join(bin, 'prometheus'),
    [
      `--config.file=${join(at, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(at, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk))
  t.after(async () => {
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('exit', resolve))
  })
  type Answer = Readonly<{
    status: string
    error?: string
    data: Readonly<{ result: readonly unknown[] }> & readonly unknown[]
  }>
  const ask = async (path: string, query: string): Promise<Answer> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?query=${encodeURIComponent(query)}`).catch(
      () => null,
    )
    const isUp = answer !== null && answer.headers.get('content-type')?.startsWith('application/json') === true
    return isUp ? ((await answer.json()) as Answer) : { status: 'down', error: said, data: [] as never }
  }
  return ask
}

test('rules hold, and their tests', { skip }, () => {
  promtool(['check', 'rules', 'prometheus/alerts.yaml'])
  promtool(['test', 'rules', 'prometheus/alerts.test.yaml'])
})

test('each alert leads to its part of the runbook, wherever that is', () => {
  const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8')
  for (const { alert, annotations } of alerts) {
    ok(runbook.includes(`\n## ${alert}\n`), alert)
    const { protocol, hash } = new URL(annotations.runbook_url)
    deepEqual([protocol, hash], ['https:', `#${alert.toLowerCase()}`])
  }
  const moved = withRunbook(readFileSync(join(root, 'prometheus/alerts.yaml'), 'utf8'), 'http://wiki.example/a$&b')
  deepEqual(
    alertsOf(moved).map(({ annotations }) => annotations.runbook_url),
    alerts.map(({ alert }) => `http://wiki.example/a$&b#${alert.toLowerCase()}`),
  )
  throws(() => withRunbook(moved, 'docs/runbook.md'), /expected a URL that begins with https/)
})

test(
  'each query of dashboards and alerts is answered by a Prometheus that scrapes a gateway under load',
  { skip, timeout: 60_000 },
  async t => {
    const { gateway, broker, ask, admin } = await openGateway(t)
    await gateway.ready
    await using _worker = await demo(broker, { topic: 'orders.commands' })
    const query = await prometheus(t, [new URL(gateway.adminUrl).host])
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const load = new AbortController()
    const placing = (async () => {
      while (!load.signal.aborted) await ask('/orders', { body: anOrder, headers: { traceparent } })
    })()
    const calls = 'sum(rate(sluice_calls_total[1m])) > 0'
    await until('it has scraped twice', async () => (await query('query', calls)).data.result?.length > 0, 20_000)
    const known = new Set([...(await admin.ask('/metrics')).text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name))
    const queries = [...dashboardQueries(), ...alerts.map(({ expr }) => expr)]
    for (const each of queries) {
      const { status, error } = await query('query', each)
      equal(status, 'success', `${each}: ${error}`)
      for (const [name] of each.matchAll(/\b(?:sluice|nodejs|process)_\w+/g))
        ok(known.has(name) || known.has(name.replace(/_(bucket|count|sum)$/, '')), `${name} of ${each}`)
    }
    for (const each of dashboardQueries().filter(each =>
      /sluice_(calls_total|call_duration|in_flight|circuit_state|build)/.test(each),
    ))
      if (!each.includes('code!=')) ok((await query('query', each)).data.result.length > 0, `nothing for ${each}`)
    ok((await query('query_exemplars', 'sluice_call_duration_seconds_bucket')).data.length > 0, 'no exemplar')
    load.abort()
    await placing
    promtool(['check', 'metrics'], (await admin.ask('/metrics')).text)
  },
)

test('ten thousand random paths and clients add no series', { timeout: 60_000 }, async t => {
  const { gateway, admin } = await openGateway(t)
  await gateway.ready
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  t.after(() => agent.destroy())
  const ask = (n: number) =>
    new Promise<void>((resolve, reject) => {
      const headers = { 'x-forwarded-for': `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, 'user-agent': `client-${n}` }
      get(`${gateway.url}/${Math.random().toString(36)}/${n}`, { agent, headers }, res =>
        res.resume().on('end', resolve),
      ).on('error', reject)
    })
  const series = async (): Promise<readonly string[]> =>
    (await admin.ask('/metrics')).text
      .split('\n')
      .flatMap(line => (line.startsWith('#') || line === '' ? [] : [line.replace(/ \S+$/, '')]))
  await ask(0)
  const before = await series()
  await Promise.all(Array.from({ length: 10_000 }, (_, n) => ask(n)))
  deepEqual(await series(), before)
})
