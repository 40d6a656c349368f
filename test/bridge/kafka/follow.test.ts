import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js'
import { positions } from '../../../src/bridge/kafka/follow.ts'
import { until } from '../../help/until.ts'

const protocolError = (type: string): Error => Object.assign(new Error(type), { type })

/** A member of a group as kafkajs has it, which writes down what it does. */
function aMember() {
  const did: string[] = []
  const state = { heartbeat: null as Error | null, reachable: true }
  const nothing = (): void => {}
  const logger = { info: nothing, debug: nothing, warn: nothing, error: nothing }
  const coordinator = (name: string) => ({
    joinGroup: async () => {
      did.push('joins')
      return { generationId: 1, leaderId: '', memberId: 'm-1', members: [] }
    },
    syncGroup: async () => ({ memberAssignment: Buffer.alloc(0) }),
    heartbeat: async () => {
      did.push(`heartbeat to ${name}`)
      if (name === 'first' && state.heartbeat !== null) throw state.heartbeat
    },
  })
  let found = 0
  const group = new ConsumerGroup({
    cluster: {
      connect: async () => {},
      refreshMetadataIfNecessary: async () => {},
      refreshMetadata: async () => void did.push('asks for metadata'),
      committedOffsets: () => ({}),
      findGroupCoordinator: async () => {
        if (!state.reachable) throw new Error('nobody answers')
        return coordinator(found++ === 0 ? 'first' : 'second')
      },
    },
    groupId: 'workers',
    topics: [],
    assigners: [],
    logger: { namespace: () => logger },
    instrumentationEmitter: { emit: nothing },
    retry: { initialRetryTime: 1, retries: 3 },
  })
  return { group, did, state }
}

for (const type of ['NOT_LEADER_FOR_PARTITION', 'FENCED_LEADER_EPOCH'])
  test(`${type}: the new leader is asked for, and the group is not joined again`, async () => {
    const { group, did } = aMember()
    await group.joinAndSync()
    await group.recoverFromFetch(protocolError(type))
    deepEqual(did, ['joins', 'asks for metadata'])
  })

test('a topic that is not there may be another one: the group is joined again', async () => {
  const { group, did } = aMember()
  await group.joinAndSync()
  await group.recoverFromFetch(protocolError('UNKNOWN_TOPIC_OR_PARTITION'))
  deepEqual(did, ['joins', 'asks for metadata', 'joins'])
})

for (const [why, error] of [
  ['moved', protocolError('NOT_COORDINATOR_FOR_GROUP')],
  ['lost', Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' })],
] as const)
  test(`a coordinator that is ${why}: the next heartbeat goes to whoever is it now, in the same generation`, async () => {
    const { group, did, state } = aMember()
    await group.joinAndSync()
    state.heartbeat = error
    await until('the other one is found', async () => {
      await group.heartbeat({ interval: 0 })
      return did.includes('heartbeat to second')
    })
    deepEqual(did.slice(0, 4), ['joins', 'heartbeat to first', 'asks for metadata', 'heartbeat to second'])
  })

test('while no coordinator is found, heartbeats go on trying', async () => {
  const { group, did, state } = aMember()
  await group.joinAndSync()
  state.heartbeat = protocolError('NOT_COORDINATOR_FOR_GROUP')
  state.reachable = false
  const tries = (): number => did.filter(what => what === 'heartbeat to first').length
  await until('it has tried again', async () => {
    await group.heartbeat({ interval: 0 })
    return tries() > 2
  })
  equal(did.includes('heartbeat to second'), false)
})

test('that the group rebalances is for kafkajs to hear', async () => {
  const { group, state } = aMember()
  await group.joinAndSync()
  state.heartbeat = protocolError('REBALANCE_IN_PROGRESS')
  await rejects(group.heartbeat({ interval: 0 }), { message: 'REBALANCE_IN_PROGRESS' })
})

test('a position that is not in the log is told of, and stays kafkajs’s business', async t => {
  const { group } = aMember()
  const told: unknown[] = []
  const hear = (...what: unknown[]): void => void told.push(what)
  positions.on('lost', hear)
  t.after(() => positions.off('lost', hear))
  let begun = 0
  group.recoverFromOffsetOutOfRange = async () => void begun++
  const outOfRange = { name: 'KafkaJSOffsetOutOfRange', topic: 't', partition: 3 }
  await group.recoverFromFetch(Object.assign(new Error('The requested offset is not within the range'), outOfRange))
  deepEqual([told, begun], [[['workers', 3]], 1])
})
