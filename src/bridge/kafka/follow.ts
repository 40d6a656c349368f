import { EventEmitter } from 'node:events'
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js'
import { pause } from '../../clock.ts'

/** The broker that was asked may be the first to know, and the last to tell whom else to ask. */
const againMs = 20
const leaderMoved = ['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'FENCED_LEADER_EPOCH', 'UNKNOWN_LEADER_EPOCH']
const coordinatorMoved = ['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS']
/** Tells of a partition that a member of a group reads anew, as its position is not in the log. */
export const positions = new EventEmitter<{ lost: [group: string, partition: number] }>().setMaxListeners(0)
const seeking = new WeakSet<ConsumerGroup>()
const { heartbeat, recoverFromFetch } = ConsumerGroup.prototype

// kafkajs joins its group again for each leader that moves: a new generation, in which nobody works for a second or two and
// what was under way is delivered again. The group has nothing to do with leaders: the new one is asked, and that is all
ConsumerGroup.prototype.recoverFromFetch = async function (error: unknown): Promise<void> {
  if (isOutOfRange(error)) positions.emit('lost', this.groupId, error.partition)
  if (!isOf(leaderMoved, error)) return await recoverFromFetch.call(this, error)
  await pause(againMs)
  await this.cluster.refreshMetadata()
}

// kafkajs goes on asking the coordinator that it found when it joined, until its session has ended. The group and its
// generation outlive the coordinator: whoever is it now takes the next heartbeat
ConsumerGroup.prototype.heartbeat = async function (options): Promise<void> {
  try {
    if (!seeking.has(this)) await heartbeat.call(this, options)
  } catch (error) {
    if (!isOf(coordinatorMoved, error) && !isLost(error)) throw error
    seeking.add(this)
    void seek(this).finally(() => seeking.delete(this)) // fetching goes on meanwhile
  }
}

async function seek(group: ConsumerGroup): Promise<void> {
  try {
    await pause(againMs)
    await group.cluster.refreshMetadata()
    group.coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId })
  } catch {
    // the next heartbeat fails as this one has, and seeks again
  }
}

const isOf = (types: readonly string[], error: unknown): boolean =>
  error instanceof Error && 'type' in error && types.includes(String(error.type))
const isOutOfRange = (error: unknown): error is Error & { partition: number } =>
  error instanceof Error && error.name === 'KafkaJSOffsetOutOfRange'
const isLost = (error: unknown): boolean => error instanceof Error && error.name.startsWith('KafkaJSConnection')
