// npm run bench:push: how long events take to an honest subscriber, alone and beside five bad ones of the same topic, in alternating
// rounds of one run on the embedded broker: none of the five may slow it by more than a tenth.
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Config } from '../config/schema/index.ts'
import { Aborter } from '../src/aborter.ts'
import { start } from '../src/app.ts'
import { MemoryBroker } from '../src/bridge/memory.ts'
import { pass } from './process.ts'
import { figure, median, spread } from './table.ts'

const rounds = Number(process.env['ROUNDS'] ?? 7)
const perSecond = Number(process.env['RATE'] ?? 200)
const [warmMs, measureMs] = [500, 3_000] as const
const limit = 1.1
const topic = 'bench.push'

/** How bad subscribers behave; a fifth is down. */
const bad: Readonly<Record<string, RequestListener>> = {
  failing: (_req, res) => res.writeHead(500).end(),
  limited: (_req, res) => res.writeHead(429, { 'retry-after': '1' }).end(),
  silent: () => {},
  dripping: (_req, res) => {
    const timer = setInterval(() => res.socket?.write('H'), 1_000)
    res.on('close', () => clearInterval(timer))
  },
}

const open = async (serve: RequestListener): Promise<Server> => {
  const server = createServer(serve)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}
const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

/** Publishes at a steady rate, and returns how long the events took to the honest subscriber, in milliseconds. */
async function measure(urls: Readonly<Record<string, string>>, arrived: (took: (ms: number) => void) => void) {
  await using broker = new MemoryBroker()
  const push = Object.fromEntries(
    Object.entries(urls).map(([name, url]) => [name, { topic, url, retryMs: 100, timeoutMs: 1_000 }]),
  )
  const quiet = { server: { host: '127.0.0.1', port: 0 }, admin: { port: 0 }, log: { level: 'silent' } }
  const config = Config.parse({ ...quiet, routes: {}, egress: { allow: ['127.0.0.1'] }, push })
  await using gateway = await start(config, { broker })
  await gateway.ready
  const took: number[] = []
  await pass(100)
  arrived(ms => took.push(ms))
  const record = { topic, headers: [], acks: 'all', signal: new Aborter() } as const
  const begun = performance.now()
  let warm = 0
  for (let sent = 0; performance.now() - begun < warmMs + measureMs; sent++) {
    const due = begun + (sent * 1_000) / perSecond
    if (due > performance.now()) await pass(due - performance.now())
    if (due - begun < warmMs) warm = sent + 1
    const key = Buffer.from(`k-${sent % 100}`)
    const partition = broker.partitionFor(topic, key)
    await broker.publish({ ...record, partition, key, value: Buffer.from(String(performance.now())) })
  }
  await pass(200)
  return took.slice(warm)
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN

let took: (ms: number) => void = () => {}
const good = await open((req, res) => {
  let body = ''
  req.setEncoding('utf8').on('data', (text: string) => (body += text))
  req.on('end', () => {
    took(performance.now() - Number(body))
    res.writeHead(204).end()
  })
})
const servers = await Promise.all(Object.entries(bad).map(async ([name, serve]) => [name, await open(serve)] as const))
const alone = { good: urlOf(good) }
const beside = {
  ...alone,
  down: 'http://127.0.0.1:1/',
  ...Object.fromEntries(servers.map(([name, server]) => [name, urlOf(server)])),
}
const found = { alone: [] as (readonly number[])[], beside: [] as (readonly number[])[] }
for (let round = 0; round < rounds; round++) {
  for (const name of round % 2 === 0 ? (['alone', 'beside'] as const) : (['beside', 'alone'] as const))
    found[name].push(await measure(name === 'alone' ? alone : beside, each => (took = each)))
  const [a, b] = [found.alone.at(-1) ?? [], found.beside.at(-1) ?? []]
  console.log(
    `Round ${round + 1}: alone ${figure(percentile(a, 0.5))} ms (${a.length} events), beside ${Object.keys(beside).length - 1} bad ones ${figure(percentile(b, 0.5))} ms (${b.length})`,
  )
}
for (const [, server] of [...servers, ['good', good] as const]) {
  server.closeAllConnections()
  server.close()
}
const shares = [0.5, 0.9] as const
const ratios = shares.map(share => {
  const [a, b] = [found.alone, found.beside].map(all => all.map(one => percentile(one, share)))
  const ratio = median(b ?? []) / median(a ?? [])
  console.log(
    `p${share * 100} at ${perSecond}/s: alone ${spread(a ?? [])} ms, beside ${spread(b ?? [])} ms: ${figure(ratio)} times`,
  )
  return ratio
})
console.log(`At most ${limit} times at p50.`)
if (!((ratios[0] ?? Number.NaN) <= limit)) process.exitCode = 1
