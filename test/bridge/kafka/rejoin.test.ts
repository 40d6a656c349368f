import { test } from 'node:test'
import { deepEqual, rejects } from 'node:assert/strict'
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js'
import '../../../src/bridge/kafka/rejoin.ts'

/** A group that writes down who asks to join it, and a consumer as kafkajs builds it at its start and at each restart. */
function aGroup() {
  const joined: string[] = []
  const state = { reachable: true, forgets: false, members: 0 }
  const coordinator = {
    joinGroup: async ({ memberId }: { memberId: string }) => {
      joined.push(memberId)
      if (state.forgets && memberId !== '') throw Object.assign(new Error('Who?'), { type: 'UNKNOWN_MEMBER_ID' })
      return { generationId: 1, leaderId: '', memberId: memberId || `m-${++state.members}`, members: [] }
    },
    syncGroup: async () => ({ memberAssignment: Buffer.alloc(0) }),
    leaveGroup: async () => {
      if (!state.reachable) throw new Error('The connection is closed.')
    },
  }
  const nothing = (): void => {}
  const logger = { info: nothing, debug: nothing, warn: nothing, error: nothing }
  const aCluster = () => ({
    connect: async () => {},
    refreshMetadataIfNecessary: async () => {},
    committedOffsets: () => ({}),
    findGroupCoordinator: async () => coordinator,
  })
  const start = async (cluster = aCluster()): Promise<ConsumerGroup> => {
    const group = new ConsumerGroup({
      cluster,
      groupId: 'workers',
      topics: [],
      assigners: [],
      logger: { namespace: () => logger },
      instrumentationEmitter: { emit: nothing },
      retry: { initialRetryTime: 1, retries: 3 },
    })
    await group.connect()
    await group.joinAndSync()
    return group
  }
  return { start, aCluster, joined, state }
}

test('a consumer that restarts comes back as who it was', async () => {
  const { start, aCluster, joined } = aGroup()
  const cluster = aCluster()
  await start(cluster)
  await start(cluster)
  deepEqual(joined, ['', 'm-1'])
})

test('one that could not leave is still a member, and one that has left is not', async () => {
  const { start, aCluster, joined, state } = aGroup()
  const cluster = aCluster()
  const first = await start(cluster)
  state.reachable = false
  await rejects(first.leave())
  const second = await start(cluster)
  state.reachable = true
  await second.leave()
  await start(cluster)
  deepEqual(joined, ['', 'm-1', ''])
})

test('where the group has forgotten it, it joins as a stranger', async () => {
  const { start, aCluster, joined, state } = aGroup()
  const cluster = aCluster()
  await start(cluster)
  state.forgets = true
  await start(cluster)
  deepEqual(joined, ['', 'm-1', ''])
})

test('two consumers are not taken for each other', async () => {
  const { start, joined } = aGroup()
  await start()
  await start()
  deepEqual(joined, ['', ''])
})
