import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { crashes } from '../durability/crashes.ts'
import { fullDisk } from '../durability/fulldisk.ts'
import { rolling } from '../durability/rolling.ts'
import type { Scope } from '../help/scope.ts'
import { calls } from './calls.ts'
import { domain } from './domain.ts'
import { failover } from './failover.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { frozen } from './frozen.ts'
import { killed } from './killed.ts'
import { processes } from './processes.ts'
import { push } from './push.ts'
import { streams } from './streams.ts'
import { receivers } from './receivers.ts'

/** A fault, and what is to hold while it lasts and after it. */
export type Story = Readonly<{
  name: string
  title: string
  brokers: 1 | 3
  long: boolean // also under `npm run faults`, but not with --short
  play: (cluster: KafkaCluster) => Promise<readonly Figure[]>
}>

/** What a story opens ends with it. */
const within =
  (play: (t: Scope, cluster: KafkaCluster) => Promise<readonly Figure[]>): Story['play'] =>
  async cluster => {
    await using held = new AsyncDisposableStack()
    return await play({ after: end => held.defer(async () => await end()) }, cluster)
  }

const one = { perSecond: 400, warmMs: 15_000, afterMs: 8_000 }
const three = { perSecond: 300, warmMs: 15_000, afterMs: 8_000, leaderlessMs: 25_000, twoDownMs: 15_000 }
const called = { perSecond: 100, keys: 50, brokerDownMs: 3_000, settleMs: 60_000 }
const answered = { perSecond: 60, brokerDownMs: 3_000 }
const booked = { perSecond: 15, brokerDownMs: 3_000, settleMs: 120_000 }
const streamed = { clients: 20, perSecond: 100, brokerDownMs: 3_000, settleMs: 60_000 }
const pushed = { perSecond: 200, keys: 50, settleMs: 60_000 }
export const stories: readonly Story[] = [
  {
    name: 'f1',
    title: 'F1 broker killed -9, back after 5 s',
    brokers: 1,
    long: false,
    play: cluster => killed(cluster, { ...one, downMs: 5_000 }),
  },
  {
    name: 'f2',
    title: 'F2 broker stopped for 10 s',
    brokers: 1,
    long: false,
    play: cluster => frozen(cluster, { ...one, downMs: 10_000 }),
  },
  {
    name: 'f3',
    title: 'F3 leader of three killed, then all but the leader',
    brokers: 3,
    long: false,
    play: cluster => failover(cluster, { ...three, survivor: 'leader' }),
  },
  {
    name: 'f1-long',
    title: 'F1 broker killed -9, back after 30 s',
    brokers: 1,
    long: true,
    play: cluster => killed(cluster, { ...one, downMs: 30_000 }),
  },
  {
    name: 'f2-long',
    title: 'F2 broker stopped for 30 s',
    brokers: 1,
    long: true,
    play: cluster => frozen(cluster, { ...one, downMs: 30_000 }),
  },
  {
    name: 'f3-long',
    title: 'F3 leader of three killed, then all but a follower',
    brokers: 3,
    long: true,
    play: cluster => failover(cluster, { ...three, survivor: 'follower' }),
  },
  {
    name: 'calls',
    title: 'Calls: upstream stopped, broker killed, gateway killed -9 three times',
    brokers: 1,
    long: false,
    play: cluster => calls(cluster, { ...called, kills: 3, upstreamDownMs: 10_000 }),
  },
  {
    name: 'calls-long',
    title: 'Calls: upstream stopped for 30 s, broker killed, gateway killed -9 twenty times',
    brokers: 1,
    long: true,
    play: cluster => calls(cluster, { ...called, kills: 20, upstreamDownMs: 30_000 }),
  },
  {
    name: 'domain',
    title: 'Replies by domain events: broker killed, two gateways killed -9 in turn, three times',
    brokers: 1,
    long: false,
    play: cluster => domain(cluster, { ...answered, kills: 3 }),
  },
  {
    name: 'domain-long',
    title: 'Replies by domain events: broker killed, two gateways killed -9 in turn, twenty times',
    brokers: 1,
    long: true,
    play: cluster => domain(cluster, { ...answered, kills: 20 }),
  },
  {
    name: 'processes',
    title: 'Processes: broker killed, two gateways killed -9 in turn, three times',
    brokers: 1,
    long: false,
    play: cluster => processes(cluster, { ...booked, kills: 3 }),
  },
  {
    name: 'processes-long',
    title: 'Processes: broker killed, two gateways killed -9 in turn, twenty times',
    brokers: 1,
    long: true,
    play: cluster => processes(cluster, { ...booked, kills: 20 }),
  },
  {
    name: 'push',
    title: 'Push: gateway killed -9 three times',
    brokers: 1,
    long: false,
    play: cluster => push(cluster, { ...pushed, kills: 3 }),
  },
  {
    name: 'push-long',
    title: 'Push: gateway killed -9 twenty times',
    brokers: 1,
    long: true,
    play: cluster => push(cluster, { ...pushed, kills: 20 }),
  },
  {
    name: 'streams',
    title: 'Streams: clients cut a hundred times, gateway restarted twice, broker killed',
    brokers: 1,
    long: false,
    play: cluster => streams(cluster, { ...streamed, cuts: 100 }),
  },
  {
    name: 'streams-long',
    title: 'Streams: clients cut a thousand times, gateway restarted twice, broker killed',
    brokers: 1,
    long: true,
    play: cluster => streams(cluster, { ...streamed, cuts: 1_000 }),
  },
  {
    name: 'push-receivers',
    title: 'Push: of six subscribers one is down for a minute, and four are worse',
    brokers: 1,
    long: true,
    play: cluster => receivers(cluster, { perSecond: 50, keys: 50, downMs: 60_000, settleMs: 120_000 }),
  },
  {
    name: 'f6',
    title: 'F6 gateway killed -9 a hundred times under load, the broker thirteen times',
    brokers: 1,
    long: true,
    play: within(async (t, cluster) => (await crashes(t, cluster, { kills: 100, perSecond: 20 })).figures),
  },
  {
    name: 'f7',
    title: 'F7 two instances restarted by turns, twenty times',
    brokers: 1,
    long: true,
    play: within((t, cluster) => rolling(t, cluster, { restarts: 20, perSecond: 20 })),
  },
  {
    name: 'f11',
    title: 'F11 disk of the spool full, and read-only (as root)',
    brokers: 1,
    long: true,
    play: within((t, cluster) => fullDisk(t, cluster, { perSecond: 200, mib: 24, fullMs: 5_000 })),
  },
]
