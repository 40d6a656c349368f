import { test } from 'node:test'
import { equal, rejects } from 'node:assert/strict'
import { access } from '../../../src/bridge/kafka/access.ts'
import { dial, LinkLost } from '../../../src/bridge/kafka/link.ts'
import { metadataRequest } from '../../../src/bridge/kafka/metadata.ts'
import { Config } from '../../../config/schema/index.ts'
import { scriptedNode } from '../../help/scripted.ts'

const reach = (brokers: string, connectMs = 2_000, more = {}) => {
  const options = access(Config.parse({ routes: {}, broker: { brokers, connectMs, ...more } }).broker)
  const port = Number(brokers.split(':')[1])
  const closed: string[] = []
  return { closed, dialled: dial('127.0.0.1', port, options, reason => closed.push(reason)) }
}

test('a link negotiates, and carries requests and their answers', async () => {
  await using node = await scriptedNode(3)
  const link = await reach(node.brokers).dialled
  const { nodes, topics } = await link.send(metadataRequest(['t']), 1_000)
  equal(nodes[0]!.id, 1)
  equal(topics[0]!.partitions.length, 3)
  link.close('done')
})

test('nobody there is said in a sentence, at once', async () => {
  await rejects(reach('127.0.0.1:1').dialled, /ECONNREFUSED/)
})

test('a node that accepts and says nothing is given up after the time for connecting', async () => {
  await using node = await scriptedNode()
  node.on('versions', () => 'silence')
  await rejects(reach(node.brokers, 50).dialled, /no connection within 50 ms|no answer to ApiVersions/)
})

test('the time for connecting is that of each step, and what takes too long says which', async () => {
  await using node = await scriptedNode()
  const sasl = { mechanism: 'plain', username: 'sluice', password: 'secret' }
  await rejects(reach(node.brokers, 50, { sasl }).dialled, /no authentication within 50 ms/)
})

test('silence ends the link, and its request may have been written', async () => {
  await using node = await scriptedNode()
  const { closed, dialled } = reach(node.brokers)
  const link = await dialled
  node.on('metadata', () => 'silence')
  await rejects(link.send(metadataRequest(['t']), 20), (error: unknown) => error instanceof LinkLost && error.written)
  equal(link.open, false)
  equal(closed.length, 1)
  await rejects(
    link.send(metadataRequest(['t']), 20),
    (error: unknown) => error instanceof LinkLost && !error.written,
    'nothing leaves a link that is closed',
  )
})

test('a connection that the node closes is told once, and its request may have been written', async () => {
  await using node = await scriptedNode()
  const { closed, dialled } = reach(node.brokers)
  const link = await dialled
  node.on('metadata', () => 'hang-up')
  await rejects(
    link.send(metadataRequest(['t']), 1_000),
    (error: unknown) => error instanceof LinkLost && error.written,
  )
  equal(closed.length, 1)
})
