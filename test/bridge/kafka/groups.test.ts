import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Cluster } from '../../../src/bridge/kafka/cluster.ts'
import type { Committed, Coordinator, Described } from '../../../src/bridge/kafka/coordination.ts'
import { Groups } from '../../../src/bridge/kafka/groups.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'
import type { PartitionOffset } from '../../../src/bridge/kafka/protocol.ts'
import { frozenClock } from '../../help/clock.ts'

type Answers = {
  coordinator: Coordinator
  group: Described
  consumerGroup: Described | null // null: the nodes do not know the newer protocol
  committed: Committed
}
const dead: Described = { code: 0, state: 'Dead', members: 0 }

/** Two nodes that say what the test wants: node 0 leads the even partitions of `t`, node 1 the odd ones. */
function aCluster(over: Partial<Answers> = {}) {
  const answers: Answers = {
    coordinator: { code: 0, node: 1 },
    group: { code: 0, state: 'Stable', members: 2 },
    consumerGroup: null,
    committed: { code: 0, offsets: new Map([[0, 5n]]) },
    ...over,
  }
  const asked: string[] = []
  const state = { connected: true, nodes: (): Iterable<number> => [], refreshed: 0 }
  const link = (node: number) => ({
    open: true,
    knows: () => answers.consumerGroup !== null,
    close: () => {},
    send: async ({ request }: { request: { apiName: string } }): Promise<unknown> => {
      asked.push(`${node} ${request.apiName}`)
      if (request.apiName === 'FindCoordinator') return answers.coordinator
      if (request.apiName === 'DescribeGroups') return answers.group
      if (request.apiName === 'ConsumerGroupDescribe') return answers.consumerGroup
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
    answers.group = { code: 0, state, members: 1 }
    equal((await groups.look('orders', 't')).rebalancing, rebalancing, state)
  }
})

test('a group that the older protocol calls dead may be one of the newer, which is then asked for first', async () => {
  const { groups, answers, asked } = aCluster({
    group: dead,
    consumerGroup: { code: 0, state: 'Assigning', members: 4 },
  })
  const { members, rebalancing } = await groups.look('orders', 't')
  deepEqual([members, rebalancing], [4, true])
  asked.length = 0
  await groups.look('orders', 't')
  deepEqual(asked.slice(0, 2), ['1 ConsumerGroupDescribe', '1 OffsetFetch'])
  answers.consumerGroup = { code: codes.groupIdNotFound, state: '', members: 0 }
  equal((await groups.look('orders', 't')).members, 0)
  answers.consumerGroup = { code: codes.unsupportedVersion, state: '', members: 0 }
  equal((await groups.look('orders', 't')).members, 0)
})

test('where it is not allowed that is said, and not taken for an outage', async () => {
  const { groups, answers } = aCluster({ group: { code: codes.groupAuthorizationFailed, state: '', members: 0 } })
  await rejects(groups.look('orders', 't'), { code: 'topic-forbidden', message: /orders: GROUP_AUTHORIZATION_FAILED/ })
  answers.group = { code: 0, state: 'Stable', members: 1 }
  answers.committed = { code: codes.topicAuthorizationFailed, offsets: new Map() }
  await rejects(groups.look('orders', 't'), { code: 'topic-forbidden' })
})

test('a node that no longer keeps the group is not asked again', async () => {
  const { groups, answers, asked } = aCluster({ group: { code: codes.notCoordinator, state: '', members: 0 } })
  await rejects(groups.look('orders', 't'), { code: 'broker-unavailable', message: /NOT_COORDINATOR/ })
  answers.coordinator = { code: 0, node: 0 }
  answers.group = { code: 0, state: 'Stable', members: 1 }
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
