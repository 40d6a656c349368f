import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Scenario } from '../../config/scenario/schema.ts'
import { basis } from '../../config/scenario/basis.ts'
import { pause } from '../clock.ts'
import { connect } from '../worker/connect.ts'
import { noDeeds } from './behaviour.ts'
import type { Behaviour, Deeds } from './behaviour.ts'
import { beside, Child } from './child.ts'
import { Crew } from './crew.ts'
import { overlaid, placed } from './gateway.ts'
import type { Overlay, Target } from './gateway.ts'
import type { FromHost, Hosting, ToHost } from './host.ts'
import { Link } from './link.ts'
import type { Setting } from './perform.ts'
import { createTopics, partitions } from './play.ts'
import { KafkaProxy } from './proxy.ts'
import { parseMetrics } from './series.ts'
import type { Action, BrokerHands, Cast, Rule } from './timeline.ts'
import { TopicReader } from './topicreader.ts'

type Host = Child<ToHost, FromHost>
type Held = AsyncDisposableStack

/** A Kafka of the laboratory's own. */
export type OwnKafka = Readonly<{ brokers: string; pids: () => readonly number[]; hands: BrokerHands }>
export type StartKafka = (nodes: 1 | 3) => Promise<OwnKafka & AsyncDisposable>

const token = randomUUID() // of the admin port of the gateways that we start

/** Options of the gateway that the laboratory sets for a scenario, below its own. */
function labOptions({ faults }: Scenario): Overlay {
  const struck = faults.some(({ gateway }) => gateway !== undefined)
  return struck ? { admin: { token }, faults: { mode: 'enforce' } } : {}
}

/** Everything around the clients on the embedded broker, in one process. */
export async function openEmbedded(
  scenario: Scenario,
  overlay: Overlay,
  behaviour: Behaviour,
  held: Held,
): Promise<Setting> {
  const { members, sessionMs } = scenario.workers
  const config = overlaid(overlaid(overlaid(basis, labOptions(scenario)), scenario.gateway), overlay)
  const { topic, group } = basis.workers.orders
  const staff = { topic, group, members, partitions, behaviour, sessionMs }
  const { host, target: gateway } = await openHost({ config, staff }, held)
  let deeds: Deeds = noDeeds
  host.hear(said => {
    if (said.kind === 'deeds') deeds = said.deeds
  })
  const { clients, target } = await between(scenario, gateway, held)
  const act = acting(host)
  const crew: Cast['crew'] = {
    freeze: who => void act({ do: 'freeze', who }),
    thaw: who => void act({ do: 'thaw', who }),
    kill: who => void act({ do: 'kill', who }),
    leave: who => act({ do: 'leave', who }),
    join: who => act({ do: 'join', who }),
    behave: (who, change) => void act({ do: 'behave', who, change }),
  }
  const broker: BrokerHands = {
    kill: () => act({ do: 'kill-broker' }),
    start: () => act({ do: 'start-broker' }),
    pause: () => act({ do: 'pause-broker' }),
    resume: () => act({ do: 'resume-broker' }),
    loseLeader: () => act({ do: 'lose-leader' }),
    electLeader: () => act({ do: 'elect-leader' }),
  }
  return {
    target,
    cast: { crew, replies: null, broker, clients, rules: rulesOf(gateway.admin, token) },
    deeds: () => deeds,
    pids: () => ({ 'gateway, broker and workers': [host.pid] }),
    topic: async () => {
      host.tell({ kind: 'read' })
      return (await host.told('topic')).commands
    },
  }
}

/** The same on a Kafka, with a process for the gateway and for each worker. */
export async function openOnKafka(
  scenario: Scenario,
  overlay: Overlay,
  behaviour: Behaviour,
  start: StartKafka,
  held: Held,
): Promise<Setting> {
  const leaderless = scenario.faults.some(({ broker }) => broker === 'no-leader')
  const own = scenario.brokers === undefined ? held.use(await start(leaderless ? 3 : 1)) : null
  const brokers = own?.brokers ?? scenario.brokers ?? ''
  const name = `lab.${randomUUID().slice(0, 8)}`
  const [commands, replies] = [`${name}.commands`, `${name}.replies`]
  await createTopics(brokers, [commands, replies])
  const proxied = scenario.faults.some(({ network }) => network?.between === 'broker')
  const [host = '', port] = brokers.split(':')
  const link = proxied ? held.use(await Link.open({ host, port: Number(port) })) : null
  const proxy = link === null ? null : await KafkaProxy.open(`127.0.0.1:${link.port}`)
  if (proxy !== null) held.defer(() => proxy.close())
  const places = { brokers: proxy?.address ?? brokers, commands, replies, group: commands }
  const config = overlaid(overlaid(overlaid(placed(places), labOptions(scenario)), scenario.gateway), overlay)
  const crew = held.use(new Crew({ brokers, topic: commands, group: commands, behaviour }))
  await Promise.all(Array.from({ length: scenario.workers.members }, (_, number) => crew.join(number)))
  const { host: gatewayHost, target: gateway } = await openHost({ config, staff: null }, held)
  const { clients, target } = await between(scenario, gateway, held)
  const broker = held.use(await connect({ brokers, clientId: 'sluice-lab' }))
  const reader = await TopicReader.open(broker, commands)
  return {
    target,
    cast: {
      crew,
      replies: proxy === null ? null : { cut: () => proxy.refuse('fetch'), heal: () => proxy.heal() },
      broker: own?.hands ?? null,
      clients,
      link,
      rules: rulesOf(gateway.admin, token),
    },
    deeds: () => crew.deeds,
    pids: () => ({ gateway: [gatewayHost.pid], workers: crew.pids, broker: own?.pids() ?? [] }),
    topic: async () => reader.commands,
  }
}

/** A gateway that is there already: only its clients, and its fault policy. */
export async function openTarget(scenario: Scenario, held: Held): Promise<Setting> {
  if (scenario.target === undefined) throw new Error('The scenario names no target.')
  const { url, admin, tokenFile } = scenario.target
  const secret = tokenFile === undefined ? null : readFileSync(tokenFile, 'utf8').trim()
  const gateway = targetAt(url, admin ?? null, 0)
  const { clients, target } = await between(scenario, gateway, held)
  const nobody = (): never => {
    throw new Error('The workers of a target are not ours.')
  }
  const crew = { freeze: nobody, thaw: nobody, kill: nobody, leave: nobody, join: nobody, behave: nobody }
  const rules = admin === undefined || secret === null ? null : rulesOf(admin, secret)
  const cast = { crew, replies: null, broker: null, clients, rules }
  return { target, cast, deeds: () => noDeeds, pids: () => ({}), topic: null }
}

async function openHost(hosting: Hosting, held: Held): Promise<{ host: Host; target: Target & { admin: string } }> {
  const host: Host = new Child('the gateway', [beside('host.ts')])
  held.defer(async () => {
    host.tell({ kind: 'stop' })
    await host.gone(2_000)
  })
  await host.told('ready')
  host.tell({ kind: 'host', hosting })
  const { url, admin } = await host.told('hosting')
  return { host, target: { ...targetAt(url, admin, host.pid), admin } }
}

function targetAt(url: string, admin: string | null, pid: number): Target {
  const { hostname, port } = new URL(url)
  const ask = async (path: string): Promise<Response | null> =>
    admin === null
      ? null
      : await Promise.race([fetch(`${admin}${path}`).catch(() => null), pause(900).then(() => null)])
  return {
    name: 'sluice',
    pid,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 80),
    metrics: async () => {
      const text = await (await ask('/metrics'))?.text().catch(() => null)
      return text === null || text === undefined ? null : parseMetrics(text)
    },
    readyStatus: async () => (await ask('/readyz'))?.status ?? null,
    signal: () => {},
    close: async () => {},
  }
}

/** A proxy before the gateway, where the scenario has the network of the clients suffer. */
async function between(
  { faults }: Scenario,
  target: Target,
  held: Held,
): Promise<{ clients: Link | null; target: Target }> {
  if (!faults.some(({ network }) => network?.between === 'clients')) return { clients: null, target }
  const clients = held.use(await Link.open({ host: target.host ?? '127.0.0.1', port: target.port }))
  return { clients, target: { ...target, host: '127.0.0.1', port: clients.port } }
}

/** Has the host do something; throws what it could not. */
function acting(host: Host): (action: Action) => Promise<void> {
  let last = 0
  const waiting = new Map<number, (trouble: string | null) => void>()
  host.hear(said => {
    if (said.kind === 'acted') waiting.get(said.number)?.(said.trouble)
  })
  return async action => {
    const number = ++last
    const { promise, resolve } = Promise.withResolvers<string | null>()
    waiting.set(number, resolve)
    host.tell({ kind: 'act', number, action })
    const trouble = await promise
    waiting.delete(number)
    if (trouble !== null) throw new Error(trouble)
  }
}

/** Tells a gateway the rules of its fault policy. */
function rulesOf(admin: string, secret: string): NonNullable<Cast['rules']> {
  const rules = new Map<string, Rule>()
  return async (name, rule) => {
    if (rule === null) rules.delete(name)
    else rules.set(name, rule)
    const answer = await fetch(`${admin}/faults`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(Object.fromEntries(rules)),
    })
    if (!answer.ok) throw new Error(`The gateway takes no faults: ${answer.status} ${await answer.text()}`)
  }
}
