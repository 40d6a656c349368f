import { connect } from '../worker/connect.ts'

export const partitions = 12 // of the topic of commands

/** Creates the topics of a run. */
export async function createTopics(brokers: string, names: readonly string[]): Promise<void> {
  await using broker = await connect({ brokers, clientId: 'sluice-lab' })
  await broker.admin.create(names.map(name => ({ name, partitions, replication: -1, config: {} })))
}
