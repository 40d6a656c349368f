import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Cluster } from '../../../src/bridge/kafka/cluster.ts'
import type { Committed, Coordinator, Lags, Types } from '../../../src/bridge/kafka/coordination.ts'
import { Groups } from '../../../src/bridge/kafka/groups.ts'
import type { Described } from '../../../src/bridge/kafka/kinds.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'
import type { PartitionOffset } from '../../../src/bridge/kafka/protocol.ts'
import { frozenClock } from '../../help/clock.ts'

type Answers = {
  coordinator: Coordinator
  group: Described
  types: Types | null // null: the nodes are too old to list types
  newer: Readonly<Record<string, Described>> // of the newer kinds that the nodes know, by request
  committed: Committed
  lags: Lags
}
const described = (state: string, members: number, holding: number | null = null): Described => ({
  code: 0,
  state,
  members,
  holding,
})
const refused = (code: number): Described => ({ code, state: '', members: 0, holding: null })
const dead = described('Dead', 0)
const apis: Readonly<Record<number, string>> = {
  69: 'ConsumerGroupDescribe',
  77: 'ShareGroupDescribe',
  89: 'StreamsGroupDescribe',
}

/** Two nodes that say what the test wants: node 0 leads the even partitions of `t`, node 1 the odd ones. */
function aCluster(over: Partial<Answers> = {}) {
  const answers: Answers = {
    coordinator: { code: 0, node: 1 },
    group: described('Stable', 2),
    types: null,
    newer: {},
    committed: { code: 0, offsets: new Map([[0, 5n]]) },
    lags: { code: 0, lags: new Map() },
    ...over,
  }
  const asked: string[] = []
  const state = { connected: true, nodes: (): Iterable<number> => [], refreshed: 0 }
  const link = (node: number) => ({
    open: true,
    knows: (api: number) =>
      api === 15 ||
      api === 90 ||
      (api === 16 && answers.types !== null) ||
      Object.hasOwn(answers.newer, apis[api] ?? ''),
    close: () => {},
    send: async ({ request }: { request: { apiName: string } }): Promise<unknown> => {
      asked.push(`${node} ${request.apiName}`)
      if (request.apiName === 'FindCoordinator') return answers.coordinator
      if (request.apiName === 'ListGroups') return answers.types
      if (request.apiName === 'DescribeGroups') return answers.group
      if (request.apiName in answers.newer) return answers.newer[request.apiName]
      if (request.apiName === 'DescribeShareGroupOffsets') return answers.lags
      if (request.apiName === 'OffsetFetch') return answers.committed
      const ends: PartitionOffset[] = [0, 1, 2]
        .filter(partition => partition % 2 === node)
        .map(partition => ({ partition, code: 0, offset: BigInt(10 + partition) }))
      return ends
    },
  })
  const cluster = {
    partitions: () => 3,
    leader: (_topic: string, partition: number) => partition % 2,
    refresh: () => state.refreshed++,
    purpose: (_name: string, nodes: () => Iterable<number>) => void (state.nodes = nodes),
    link: (node: number) => (state.connected ? link(node) : null),
  }
  return { groups: new Groups(cluster as unknown as Cluster), answers, asked, state }
}

test('asks whoever keeps the group, and each leader for the ends of its partitions', async () => {
  const { groups, asked, state } = aCluster()
  const seen = { members: 2, rebalancing: false, committed: [5n, -1n, -1n], ends: [10n, 11n, 12n] }
  deepEqual(await groups.look('orders', 't'), seen)
  const first = ['0 FindCoordinator', '1 DescribeGroups', '1 OffsetFetch', '0 ListOffsets', '1 ListOffsets']
  deepEqual(asked.splice(0), first)
  deepEqual(new Set(state.nodes()), new Set([1, 0]), 'these connections are kept')
  await groups.look('orders', 't')
  deepEqual(asked, first.slice(1), 'who keeps the group is remembered')
})

test('says of each state whether partitions are being handed out', async () => {
  const { groups, answers } = aCluster()
  const states = { Stable: false, Empty: false, PreparingRebalance: true, CompletingRebalance: true, Reconciling: true }
  for (const [state, rebalancing] of Object.entries(states)) {
    answers.group = described(state, 1)
    equal((await groups.look('orders', 't')).rebalancing, rebalancing, state)
  }
})

test('a group that the older protocol calls dead may be one of the newer, which is then asked for first', async () => {
  const { groups, answers, asked } = aCluster({
    group: dead,
    newer: { ConsumerGroupDescribe: described('Assigning', 4, 4) },
  })
  const { members, rebalancing } = await groups.look('orders', 't')
  deepEqual([members, rebalancing], [4, true])
  asked.length = 0
  await groups.look('orders', 't')
  deepEqual(asked.slice(0, 2), ['1 ConsumerGroupDescribe', '1 OffsetFetch'])
  answers.newer = { ConsumerGroupDescribe: refused(codes.groupIdNotFound) }
  equal((await groups.look('orders', 't')).members, 0)
  answers.newer = { ConsumerGroupDescribe: refused(codes.unsupportedVersion) }
  equal((await groups.look('orders', 't')).members, 0)
  answers.group = described('Stable', 3)
  equal((await groups.look('orders', 't')).members, 3, 'its members speak the older one by now')
})

test('a share group is served once somebody holds a partition, and its lag is asked for in its own way', async () => {
  const { groups, answers, asked } = aCluster({
    group: dead,
    newer: {
      ConsumerGroupDescribe: refused(codes.groupIdNotFound),
      ShareGroupDescribe: described('Stable', 1, 0),
    },
    lags: {
      code: 0,
      lags: new Map([
        [0, 4n],
        [1, -1n],
        [2, 0n],
      ]),
    },
  })
  equal((await groups.look('orders', 't')).rebalancing, true, 'stable, and nobody was given anything yet')
  answers.newer = { ShareGroupDescribe: described('Stable', 1, 1) }
  asked.length = 0
  const seen = { members: 1, rebalancing: false, committed: [6n, -1n, 12n], ends: [10n, 11n, 12n] }
  deepEqual(await groups.look('orders', 't'), seen)
  deepEqual(asked.slice(0, 2), ['1 ShareGroupDescribe', '1 DescribeShareGroupOffsets'])
})

test('a streams group is seen by the request that sees it', async () => {
  const newer = { ShareGroupDescribe: refused(codes.groupIdNotFound), StreamsGroupDescribe: described('NotReady', 2) }
  const { groups } = aCluster({ group: dead, newer })
  const { members, rebalancing } = await groups.look('orders', 't')
  deepEqual([members, rebalancing], [2, true])
})

const typed = (type?: string): Types => ({ code: 0, types: new Map(type === undefined ? [] : [['orders', type]]) })

test('the type of a group is asked for first, and then only the request that sees it', async () => {
  const newer = { ConsumerGroupDescribe: refused(codes.groupIdNotFound), ShareGroupDescribe: described('Stable', 2, 2) }
  const { groups, answers, asked } = aCluster({ group: dead, types: typed('share'), newer })
  equal((await groups.look('orders', 't')).members, 2)
  deepEqual(asked.slice(1, 3), ['1 ListGroups', '1 ShareGroupDescribe'])
  asked.length = 0
  await groups.look('orders', 't')
  equal(asked[0], '1 ShareGroupDescribe', 'it is remembered')
  asked.length = 0
  answers.types = typed('classic')
  answers.newer = { ShareGroupDescribe: dead }
  answers.group = described('Stable', 3)
  equal((await groups.look('orders', 't')).members, 3, 'it was made anew with another type')
  deepEqual(asked.slice(0, 3), ['1 ShareGroupDescribe', '1 ListGroups', '1 DescribeGroups'])
})

test('a group of a type that nothing here or there describes is unknown, not empty', async () => {
  const { groups, answers, asked } = aCluster({ group: dead, types: typed('swarm') })
  const isUnknown = { code: 'broker-unavailable', message: /orders is of the type swarm/ }
  await rejects(groups.look('orders', 't'), isUnknown)
  answers.types = typed('streams') // which the code knows, and the node does not
  asked.length = 0
  await rejects(groups.look('orders', 't'), { message: /type streams/ })
  deepEqual(asked, ['1 ListGroups'], 'who keeps it is known still')
})

test('a group that is not listed has no members, unless it may not be described', async () => {
  const { groups, answers } = aCluster({ group: dead, types: typed() })
  equal((await groups.look('orders', 't')).members, 0)
  answers.group = refused(codes.groupAuthorizationFailed)
  await rejects(groups.look('orders', 't'), { code: 'topic-forbidden' })
})

test('where it is not allowed that is said, and not taken for an outage', async () => {
  const { groups, answers } = aCluster({ group: refused(codes.groupAuthorizationFailed) })
  await rejects(groups.look('orders', 't'), { code: 'topic-forbidden', message: /orders: GROUP_AUTHORIZATION_FAILED/ })
  answers.group = described('Stable', 1)
  answers.committed = { code: codes.topicAuthorizationFailed, offsets: new Map() }
  await rejects(groups.look('orders', 't'), { code: 'topic-forbidden' })
})

test('a node that no longer keeps the group is not asked again', async () => {
  const { groups, answers, asked } = aCluster({ group: refused(codes.notCoordinator) })
  await rejects(groups.look('orders', 't'), { code: 'broker-unavailable', message: /NOT_COORDINATOR/ })
  answers.coordinator = { code: 0, node: 0 }
  answers.group = described('Stable', 1)
  asked.length = 0
  equal((await groups.look('orders', 't')).members, 1)
  deepEqual(asked.slice(0, 2), ['0 FindCoordinator', '0 DescribeGroups'])
})

test('without a connection it waits for the cluster to dial, and gives up after a second', async t => {
  const clock = frozenClock(t)
  const { groups, state } = aCluster()
  state.connected = false
  const looking = groups.look('orders', 't')
  await clock.advance(500)
  state.connected = true
  await clock.advance(20)
  equal((await looking).members, 2)
  state.connected = false
  const vain = rejects(groups.look('orders', 't'), { code: 'broker-unavailable', message: /no connection to node 1/ })
  for (let i = 0; i < 60; i++) await clock.advance(20)
  await vain
})
