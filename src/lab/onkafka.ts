import { randomUUID } from 'node:crypto'
import type { Scenario } from '../../config/scenario/schema.ts'
import { connect } from '../worker/connect.ts'
import type { Behaviour } from './behaviour.ts'
import { Crew } from './crew.ts'
import { overlaid, placed } from './gateway.ts'
import type { OpenTarget, Overlay, Target } from './gateway.ts'
import { Link } from './link.ts'
import type { Setting } from './perform.ts'
import { KafkaProxy } from './proxy.ts'
import { between, labOptions, openHost, rulesOf, token } from './setting.ts'
import type { Held } from './setting.ts'
import type { BrokerHands } from './timeline.ts'
import { TopicReader } from './topicreader.ts'
import { createTopics } from './topics.ts'

/** A Kafka of the laboratory's own. */
export type OwnKafka = Readonly<{ brokers: string; pids: () => readonly number[]; hands: BrokerHands }>
export type StartKafka = (nodes: 1 | 3) => Promise<OwnKafka & AsyncDisposable>

export type OpenWorker = (brokers: string, topic: string) => Promise<AsyncDisposable & Readonly<{ pid: number }>>
/** Of whoever plays a scenario, to be put in the place of ours. */
export type Guests = Readonly<{
  gateway?: OpenTarget | undefined
  worker?: OpenWorker | undefined // one that costs next to nothing
}>

/** Everything around the clients on a Kafka, with a process for the gateway and for each worker. */
export async function openOnKafka(
  scenario: Scenario,
  overlay: Overlay,
  behaviour: Behaviour,
  { startKafka: start, guests = {} }: Readonly<{ startKafka: StartKafka; guests?: Guests }>,
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
  const group = guests.worker === undefined ? commands : null // that one may read without a group
  const places = { brokers: proxy?.address ?? brokers, commands, replies, group }
  const config = overlaid(overlaid(overlaid(placed(places), labOptions(scenario)), scenario.gateway), overlay)
  const crew = held.use(new Crew({ brokers, topic: commands, group: commands, behaviour }))
  const worker = guests.worker === undefined ? null : held.use(await guests.worker(brokers, commands))
  if (worker === null) await Promise.all([...Array(scenario.workers.members).keys()].map(number => crew.join(number)))
  const open = guests.gateway ?? (async () => (await openHost({ config, staff: null }, held)).target)
  const gateway: Target & { admin?: string } = await open(places)
  held.defer(() => gateway.close())
  const { clients, target } = await between(scenario, gateway, held)
  const broker = held.use(await connect({ brokers, clientId: 'sluice-lab' }))
  const reader = scenario.ledger ? await TopicReader.open(broker, commands) : null
  return {
    target,
    cast: {
      crew,
      replies: proxy === null ? null : { cut: () => proxy.refuse('fetch'), heal: () => proxy.heal() },
      broker: own?.hands ?? null,
      clients,
      link,
      rules: gateway.admin === undefined ? null : rulesOf(gateway.admin, token),
    },
    deeds: () => crew.deeds,
    pids: () => ({
      gateway: [gateway.pid],
      workers: worker === null ? crew.pids : [worker.pid],
      broker: own?.pids() ?? [],
    }),
    topic: reader && (async () => reader.commands),
  }
}
