import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js'

/** Who a consumer is in its group, by what it keeps through its restarts: its cluster. */
const names = new WeakMap<object, string>()
const { connect, joinAndSync, leave } = ConsumerGroup.prototype

// kafkajs restarts a consumer that has lost its last broker, and forgets who it was. As a stranger it would be admitted only
// when the session of its own ghost has ended: nobody would be served for 10 s after a broker that was away for 5
ConsumerGroup.prototype.connect = async function (): Promise<void> {
  this.memberId ??= names.get(this.cluster) ?? null
  await connect.call(this)
}
ConsumerGroup.prototype.joinAndSync = async function (): Promise<void> {
  try {
    await joinAndSync.call(this)
  } finally {
    if (this.memberId !== null) names.set(this.cluster, this.memberId)
  }
}
ConsumerGroup.prototype.leave = async function (): Promise<void> {
  await leave.call(this) // throws when it could not say good-bye: then it is still a member
  names.delete(this.cluster)
}
