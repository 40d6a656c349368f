import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Scenario } from '../../config/scenario/schema.ts'
import { basis } from '../../config/scenario/basis.ts'
import { pause } from '../clock.ts'
import { noDeeds } from './behaviour.ts'
import type { Behaviour, Deeds } from './behaviour.ts'
import { beside, Child } from './child.ts'
import { overlaid } from './gateway.ts'
import type { Overlay, Target } from './gateway.ts'
import type { FromHost, Hosting, ToHost } from './host.ts'
import { Link } from './link.ts'
import type { Setting } from './perform.ts'
import { partitions } from './topics.ts'
import { parseMetrics } from './series.ts'
import type { Action, BrokerHands, Cast, Rule } from './timeline.ts'

type Host = Child<ToHost, FromHost>
export type Held = AsyncDisposableStack

export const token = randomUUID() // of the admin port of the gateways that we start

/** Options of the gateway that the laboratory sets for a scenario, below its own. */
export function labOptions({ faults }: Scenario): Overlay {
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

export async function openHost(
  hosting: Hosting,
  held: Held,
): Promise<{ host: Host; target: Target & { admin: string } }> {
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
export async function between(
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
export function rulesOf(admin: string, secret: string): NonNullable<Cast['rules']> {
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
