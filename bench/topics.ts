import { Kafka, logLevel } from 'kafkajs'

/** The topics of the benchmark have names of their own: on a cluster of somebody's, no other worker must see them. */
export const commands = 'bench.orders.commands'
const topics = [commands, 'bench.naive.replies', 'bench.gateway.replies']
const partitions = 12

process.removeAllListeners('warning') // kafkajs sets negative timeouts, and Node 24 says so

/** Makes the topics anew; what earlier runs left is deleted first. */
export async function createTopics(brokers: string): Promise<void> {
  await withAdmin(brokers, async admin => {
    const there = new Set(await admin.listTopics())
    const stale = topics.filter(topic => there.has(topic))
    if (stale.length > 0) await admin.deleteTopics({ topics: stale })
    for (let attempt = 1; ; attempt++) {
      try {
        await admin.createTopics({
          waitForLeaders: true,
          topics: topics.map(topic => ({ topic, numPartitions: partitions, replicationFactor: -1 })),
        })
        return
      } catch (error) {
        if (attempt === 50) throw error // a deletion takes effect a little later
        await new Promise(resolve => setTimeout(resolve, 100))
      }
    }
  })
}

export const deleteTopics = (brokers: string): Promise<void> =>
  withAdmin(brokers, admin => admin.deleteTopics({ topics }))

type Admin = ReturnType<Kafka['admin']>
async function withAdmin(brokers: string, work: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.disconnect()
  }
}
