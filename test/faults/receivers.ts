import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Aborter } from '../../src/aborter.ts'
import type { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { count, figure, none, note, seconds } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { freePort } from '../../tools/kafka/ports.ts'
import { folder } from '../help/folder.ts'
import { httpServer } from '../help/httpserver.ts'
import type { HttpServer } from '../help/httpserver.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { sluice } from '../help/sluice.ts'
import { isKnown } from './push.ts'
import { now, sleep, until } from './time.ts'

export type ReceiversOptions = Readonly<{
  perSecond: number
  keys: number
  downMs: number
  settleMs: number
}>

const [topic, token] = ['orders.events', 'a-token-of-sixteen'] as const
const names = ['honest', 'down', 'limited', 'gone', 'moved', 'slow'] as const
type Name = (typeof names)[number]
const [limitedEvery, retryAfterS, goneAfter] = [100, 3, 200] as const
const graceMs = 1_000 // for what is on its way already

/** An event that a subscriber took. */
type Taken = Readonly<{ n: number; ms: number }>

/**
 * Six subscribers of one topic: one is honest, one down for a while, one answers 429 with Retry-After again and again, one 410, one
 * redirects to an address inside, and one reads a byte a second. At the end all are honest, and must have everything.
 */
export async function receivers(cluster: KafkaCluster, options: ReceiversOptions): Promise<readonly Figure[]> {
  await using held = new AsyncDisposableStack()
  const scope: Scope = { after: end => held.defer(async () => await end()) }
  const broker = await kafkaBroker(scope, cluster.brokers, [topic])
  await broker.admin.create([{ name: topic, partitions: 6, replication: -1, config: {} }])
  const taken = Object.fromEntries(names.map(name => [name, [] as Taken[]])) as Record<Name, Taken[]>
  const early: string[] = [] // requests that came before they were to
  const produced: number[] = []
  let asked = 0
  let [pausedFrom, endedFrom, healed] = [-Infinity, Infinity, false]
  const inside = await httpServer(scope, (_req, res) => void res.writeHead(204).end())

  const open = (name: Name, at = 0): Promise<HttpServer> =>
    httpServer(
      scope,
      (_req, res, body) => {
        const n = Number(body)
        const take = (): void => {
          taken[name].push({ n, ms: now() - (produced[n] ?? Number.NaN) })
          res.writeHead(204).end()
        }
        if (healed || name === 'honest' || name === 'down') take()
        else if (name === 'moved') res.writeHead(307, { location: inside.url }).end()
        else if (name === 'gone') {
          if (taken.gone.length < goneAfter) return take()
          endedFrom = Math.min(endedFrom, now())
          if (now() > endedFrom + graceMs) early.push(`event ${n} after 410`)
          res.writeHead(410).end()
        } else if (++asked % limitedEvery === 0 || now() < pausedFrom + graceMs) {
          if (now() >= pausedFrom + graceMs) pausedFrom = now()
          res.writeHead(429, { 'retry-after': String(retryAfterS) }).end()
        } else {
          if (now() < pausedFrom + retryAfterS * 1_000 - 100) early.push(`event ${n} before Retry-After`)
          take()
        }
      },
      at,
    )
  const servers = Object.fromEntries(
    await Promise.all(names.filter(name => name !== 'slow').map(async name => [name, await open(name)] as const)),
  ) as Record<Exclude<Name, 'slow'>, HttpServer>
  const slow = await trickling(scope)

  const urls = { ...Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url])), slow: slow.url }
  const adminPort = await freePort(new Set())
  const file = `${folder(scope)}/gateway.yaml`
  const push = Object.entries(urls).map(
    ([name, url]) =>
      `${name}: { topic: ${topic}, url: "${url}/", from: earliest, retryCapMs: 2000${name === 'slow' ? ', timeoutMs: 1000' : ''} }`,
  )
  writeFileSync(
    file,
    `broker: { brokers: "${cluster.brokers}" }
server: { host: 127.0.0.1, port: 0 }
admin: { host: 127.0.0.1, port: ${adminPort}, token: ${token} }
log: { level: error }
egress: { allow: [127.0.0.1] }
push:
  ${push.join('\n  ')}
routes: {}
`,
  )
  sluice(scope, ['start', file])
  const stop = new Aborter()
  await until('the topic is known', 60_000, () => isKnown(broker, topic))
  const producing = produce(broker, options, stop, produced)
  held.defer(async () => {
    stop.abort(null)
    await producing
  })
  await until('the first events are there', 60_000, () => taken.honest.length > options.perSecond)

  await servers.down.close()
  await sleep(options.downMs)
  await open('down', servers.down.port)
  await sleep(5_000)
  stop.abort(null)
  await producing
  await sleep(2_000)
  const before = Object.fromEntries(names.map(name => [name, taken[name].length])) as Record<Name, number>

  healed = true
  await slow.heal(port => open('slow', port))
  const resumed = await fetch(`http://127.0.0.1:${adminPort}/push/gone`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"state":"running"}',
    signal: AbortSignal.timeout(10_000),
  })
  const begun = now()
  const seen = (name: Name): number => new Set(taken[name].map(({ n }) => n)).size
  while (names.some(name => seen(name) < produced.length) && now() - begun < options.settleMs) await sleep(200)
  const settledMs = now() - begun
  await sleep(2_000) // for what should not come
  const lateness = taken.honest.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return [
    note('events', `${count(produced.length)} at ${options.perSecond}/s, ${names.length} subscribers`),
    note('taken before all were honest', names.map(name => `${name} ${before[name]}`).join(', ')),
    note(
      'to the honest one',
      `p50 ${lateness[lateness.length >> 1]?.toFixed(0)} ms, longest ${lateness.at(-1)?.toFixed(0)} ms`,
    ),
    none('an event that a subscriber never got', 'none', produced.length * names.length, lost(taken, produced.length)),
    none('an event that a subscriber took twice', 'none', produced.length * names.length, twice(taken)),
    none('an event of a key taken after a later one of it', 'none', produced.length, disorder(taken, options.keys)),
    none('a request before Retry-After was over, or after 410', 'none', before.limited + before.gone, early),
    figure('requests to the address inside', '0', inside.requests(), inside.requests() === 0),
    figure('the operator has it go on', '200', resumed.status, resumed.status === 200),
    figure('settled', 'all', seconds(settledMs), lost(taken, produced.length).length === 0),
  ]
}

type All = Readonly<Record<Name, readonly Taken[]>>

const lost = (taken: All, sent: number): readonly string[] =>
  names.flatMap(name => {
    const got = new Set(taken[name].map(({ n }) => n))
    return Array.from({ length: sent }, (_, n) => n)
      .filter(n => !got.has(n))
      .map(n => `event ${n} of ${name}`)
  })

const twice = (taken: All): readonly string[] =>
  names.flatMap(name => {
    const got = new Set<number>()
    return taken[name].filter(({ n }) => got.has(n) || void got.add(n)).map(({ n }) => `event ${n} of ${name}`)
  })

const disorder = (taken: All, keys: number): readonly string[] =>
  names.flatMap(name => {
    const latest = new Map<number, number>()
    return taken[name].flatMap(({ n }) => {
      const before = latest.get(n % keys) ?? -1
      latest.set(n % keys, Math.max(n, before))
      return n < before ? [`event ${n} of ${name} after ${before}`] : []
    })
  })

/** A server that reads a byte a second of whatever it is sent, and answers nothing, until it is healed. */
async function trickling(scope: Scope) {
  const sockets = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, socket => {
    sockets.add(socket)
    const timer = setInterval(() => socket.read(1), 1_000)
    socket
      .on('error', () => {})
      .on('close', () => {
        clearInterval(timer)
        sockets.delete(socket)
      })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>(resolve => server.close(() => resolve()))
  }
  scope.after(close)
  const heal = async (open: (port: number) => Promise<unknown>): Promise<void> => {
    await close()
    await open(port)
  }
  return { url: `http://127.0.0.1:${port}`, heal }
}

/** Sends events until it is stopped, each once as far as it knows, and notes when. */
async function produce(
  broker: KafkaBroker,
  { perSecond, keys }: ReceiversOptions,
  stop: Aborter,
  produced: number[],
): Promise<void> {
  const begun = now()
  while (!stop.aborted) {
    const n = produced.length
    if ((n * 1_000) / perSecond > now() - begun) {
      await sleep(5)
      continue
    }
    const key = Buffer.from(`key-${n % keys}`)
    const place = { topic, partition: broker.partitionFor(topic, key), key }
    produced.push(now())
    await broker.publish({ ...place, value: Buffer.from(String(n)), headers: [], acks: 'all', signal: new Aborter() })
  }
}
