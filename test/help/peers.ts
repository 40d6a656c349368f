import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, load } from '../../config/load.ts'
import { start } from '../../src/app.ts'
import type { Gateway } from '../../src/app.ts'
import { client } from './ask.ts'
import type { Answer, Ask, Asked } from './ask.ts'
import { built } from './built.ts'
import { startChild } from './child.ts'
import type { Child } from './child.ts'
import { adminOf } from './gateway.ts'
import { fresh, useKafka } from './kafka.ts'
import { freshTopics } from './onkafka.ts'
import type { Topics } from './onkafka.ts'
import { rowsOf, written } from './peerpage.ts'
import { without } from './recipes.ts'
import type { Recipe } from './recipes.ts'
import type { Scope } from './scope.ts'

const root = join(import.meta.dirname, '..', '..')
const slowMs = 300 // what the workers sleep
const silenceMs = 1_000 // how long a client waits for whom is silent
const answerMs = 20_000 // and for whom answers: the machine may be busy
const patience = 'x-wait-ms'

type Played = Readonly<{ path: string; asked?: Asked }>
const anOrder = { orderId: 'o-1', amount: 42 }
const placed = (body: unknown): Played => ({ path: '/orders', asked: { body } })
const read = (orderId: string): Played => ({ path: `/orders/${orderId}` })

/** What is asked of every peer, in this order. The orders `o-1` and `slow` have been placed before. */
const requests = {
  answer: placed(anOrder),
  'no body': read('o-1'),
  refusal: read('unknown'),
  exception: read('broken'),
  null: read('empty'),
  slow: read('slow'),
  silent: read('silent'),
  afterwards: read('o-1'),
} as const satisfies Readonly<Record<string, Played>>

export type Case = keyof typeof requests
export const cases = Object.keys(requests) as readonly Case[]

/** What a worker does in a case, and what its client gets: status, content type and body of a reply, or the code of a problem. */
export type Row = readonly [does: string, gets: string]

export type Peer = Readonly<{
  title: string
  /** Its folder under examples/; a title tells those with the same one apart. */
  example: string
  env?: Readonly<Record<string, string>>
  recipe: Recipe
  /** What the worker prints once it has joined its group. */
  ready: RegExp
  rows: Readonly<Record<Case, Row>>
}>

const manifests = ['pom.xml', 'package.json', 'go.mod', 'requirements.txt']
const contentOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/** Plays a worker of a real framework, its example as it stands, behind the gateway that its gateway.yaml configures. */
export function playPeer(peer: Peer): void {
  test(`${peer.title} is the version that its example is built with`, () => {
    const versions = manifests.map(file => contentOf(join(root, 'examples', peer.example, file))).join('')
    const [named = 'no version'] = /\d+\.\d+\.\d+/.exec(peer.title) ?? []
    match(versions || contentOf(join(root, 'tools/kafka/pom.xml')), new RegExp(RegExp.escape(named)))
  })

  const kafka = useKafka()
  const skip = kafka.skip || without(peer.title, peer.recipe)
  test(`${peer.title}: clients get what docs/peers.md says`, { skip, timeout: 600_000 }, async t => {
    const opened = await openPeer(t, peer, kafka.brokers)
    if (opened === null) return t.skip(`examples/${peer.example} could not be built.`)
    const { ask, admin, worker } = opened
    await placeAll(ask)
    await eachItsOwn(ask)

    const seen: [Case, Row][] = []
    for (const name of cases) {
      const { path, asked }: Played = requests[name]
      const silent = peer.rows[name][1].includes('reply-timeout')
      const answer = await ask(path, { ...asked, headers: silent ? { [patience]: String(silenceMs) } : {} })
      seen.push([name, [peer.rows[name][0], told(answer)]])
      if (name === 'slow') ok(answer.ms >= slowMs, `The slow answer took ${answer.ms} ms.`)
      if (answer.code === 'reply-timeout') ok(answer.ms >= silenceMs, `The timeout came after ${answer.ms} ms.`)
    }
    deepEqual(Object.fromEntries(seen), peer.rows, worker.printed)
    equal((await admin.metrics()).sum('sluice_replies_total', { class: 'unmarked' }), 0)
    deepEqual(written(peer), rowsOf(peer), 'docs/peers.md says something else: run `npm run peers -- --write`')
  })
}

export type OpenedPeer = Readonly<{
  ask: Ask
  admin: ReturnType<typeof adminOf>
  gateway: Gateway
  worker: Child
  topics: Topics
}>

/** The worker of an example and the gateway before it, on topics of their own; gone with the test. Null when it cannot be built. */
export async function openPeer(
  t: Scope,
  { example, recipe, ready, env }: Pick<Peer, 'example' | 'recipe' | 'ready' | 'env'>,
  brokers: string,
): Promise<OpenedPeer | null> {
  const folder = await built(example, recipe)
  if (folder === null) return null
  const topics = freshTopics()
  const opened = await gatewayOf(t, example, brokers, topics)
  const worker = await startChild({
    command: recipe.run,
    cwd: folder,
    ready,
    env: { ...env, KAFKA_BROKERS: brokers, ORDERS_TOPIC: topics.commands, ORDERS_GROUP: topics.commands },
  })
  t.after(() => worker[Symbol.asyncDispose]())
  return { ...opened, worker, topics }
}

/** The gateway that the example configures, on free ports. */
async function gatewayOf(
  t: Scope,
  example: string,
  brokers: string,
  { commands, replies }: Topics,
): Promise<Pick<OpenedPeer, 'ask' | 'admin' | 'gateway'>> {
  const set = {
    'server.host': '127.0.0.1',
    'server.port': 0,
    'admin.port': 0,
    'log.level': 'silent',
    'instance.id': fresh('gateway'),
    'overload.mode': 'off', // the machine of the tests may be busier than any gateway should be
    'drain.limitMs': 100, // what nobody answers is not waited for
    'workers.orders.topic': commands,
    'replies.topic': replies,
    'routes.place-order.timeoutMs': answerMs,
    'routes.read-order.timeoutMs': answerMs,
    'routes.read-order.deadlineHeader': patience,
  }
  const { config, mistakes } = load(join(root, 'examples', example, 'gateway.yaml'), {
    env: { KAFKA_BROKERS: brokers },
    set: Object.entries(set).map(([path, value]) => `${path}=${value}`),
  })
  if (config === null) throw new Error(format(mistakes))
  const gateway = await start(config)
  const { ask, ...held } = client(gateway.url)
  t.after(async () => {
    await gateway.stop({ delayMs: 0 })
    held[Symbol.dispose]()
  })
  await gateway.ready
  return { gateway, ask, admin: adminOf(t, gateway.adminUrl) }
}

/** Places the orders that are read later. */
async function placeAll(ask: Ask): Promise<void> {
  for (const orderId of ['o-1', 'slow', 'Zoë']) await ask('/orders', { body: { ...anOrder, orderId } })
}

/** A hundred at once: nobody gets the answer of somebody else. And a name that is no ASCII comes through. */
async function eachItsOwn(ask: Ask): Promise<void> {
  const ids = Array.from({ length: 100 }, (_, i) => `n-${i}`)
  const answers = await Promise.all(ids.map(orderId => ask('/orders', { body: { orderId, amount: 1 } })))
  deepEqual(
    answers.map(({ json }) => json['orderId']),
    ids,
  )
  deepEqual((await ask('/orders/Zo%C3%AB')).json, { ...anOrder, orderId: 'Zoë' })
}

function told({ status, headers, code, outcome, text }: Answer): string {
  if (code !== null) return `${status} ${code} (${outcome})`
  const type = headers['content-type'] ?? (text === '' ? null : 'without content type')
  return [status, type, text || 'without body'].filter(part => part !== null).join(' · ')
}
