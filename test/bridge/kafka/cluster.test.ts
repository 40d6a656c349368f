import { test } from 'node:test'
import { deepEqual, equal, match, throws } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import { access } from '../../../src/bridge/kafka/access.ts'
import { Cluster } from '../../../src/bridge/kafka/cluster.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'
import { apis, scriptedNode } from '../../help/scripted.ts'
import { heard } from '../../resilience/heard.ts'
import { until } from '../../help/until.ts'

const clusterAt = (brokers: string): Cluster =>
  new Cluster(access(Config.parse({ routes: {}, broker: { brokers } }).broker))

test('learns where the partitions are led, and connects there', async () => {
  await using node = await scriptedNode(3)
  const cluster = clusterAt(node.brokers)
  equal(cluster.state, 'connecting')
  throws(() => cluster.partitions('t'), { code: 'not-ready', outcome: 'not-sent' })
  cluster.start(['t'])
  await until('ready', () => cluster.link(1, 'produce'))
  equal(cluster.state, 'ready')
  equal(cluster.partitions('t'), 3)
  equal(cluster.leader('t', 2), 1)
  equal(cluster.leader('t', 3), null)
  await cluster.close()
})

test('a topic that is missing or forbidden is said so', async () => {
  await using node = await scriptedNode()
  node.state.topicCode = codes.unknownTopicOrPartition
  const cluster = clusterAt(node.brokers)
  cluster.start(['t'])
  await until('known', () => cluster.knows('t'))
  throws(() => cluster.partitions('t'), { code: 'topic-missing' })
  node.state.topicCode = codes.topicAuthorizationFailed
  cluster.refresh()
  const codeOf = (): string => {
    try {
      return String(cluster.partitions('t'))
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  await until('forbidden', () => codeOf() === 'topic-forbidden')
  await cluster.close()
})

test('that one broker has not heard of a topic makes it missing only when nobody has for a while', async () => {
  await using node = await scriptedNode(3)
  const cluster = clusterAt(node.brokers)
  const asked = (): number => node.requests.filter(({ api }) => api === apis.metadata).length
  const told = async (): Promise<void> => {
    const before = asked()
    await until('asked again', () => asked() > before + 1) // by now the answer to the one before has been handled
  }
  node.state.topicCode = codes.unknownTopicOrPartition
  cluster.start(['t'])
  await told()
  equal(cluster.knows('t'), false) // it has just been created, and not everybody knows
  node.state.topicCode = codes.none
  await until('known', () => cluster.knows('t'))
  equal(cluster.partitions('t'), 3)

  node.state.topicCode = codes.unknownTopicOrPartition
  cluster.refresh()
  await told()
  equal(cluster.partitions('t'), 3) // whoever was asked has just started
  await until('deleted', () => cluster.size('t') === 0)
  throws(() => cluster.partitions('t'), { code: 'topic-missing' })
  await cluster.close()
})

test('an outage is down with its reason, costs four dials a second, and ends by itself', async () => {
  const node = await scriptedNode()
  const cluster = clusterAt(node.brokers)
  cluster.start(['t'])
  await until('ready', () => cluster.state === 'ready')
  const before = node.dials
  node.on('versions', () => 'hang-up')
  node.cut()
  await until('down', () => cluster.state === 'down')
  match(cluster.reason, /127\.0\.0\.1|closed/)
  equal(cluster.link(1, 'produce'), null)
  const begun = performance.now()
  await until('some dials', () => node.dials >= before + 4)
  equal(performance.now() - begun > 600, true, 'four dials take most of a second')
  await node[Symbol.asyncDispose]()
  await cluster.close()
})

test('each purpose has a connection of its own, for as long as it is needed', async () => {
  await using node = await scriptedNode()
  const cluster = clusterAt(node.brokers)
  cluster.start(['t'])
  const purpose = cluster.purpose('read-1', () => [1])
  await until('both links', () => cluster.link(1, 'produce') !== null && cluster.link(1, 'read-1') !== null)
  equal(cluster.link(1, 'produce') === cluster.link(1, 'read-1'), false)
  purpose[Symbol.dispose]()
  await until('one link', () => cluster.link(1, 'read-1') === null)
  await cluster.close()
})

test('watchers are told of what has changed, and not of a round that finds everything as it was', async () => {
  await using node = await scriptedNode(2)
  const cluster = clusterAt(node.brokers)
  cluster.start(['t'])
  await until('ready', () => cluster.link(1, 'produce'))
  const heard: (number | null)[] = []
  using _ = cluster.watch(() => heard.push(cluster.leader('t', 0)))
  const asked = (): number => node.requests.filter(({ api }) => api === apis.metadata).length
  const anotherLook = async (): Promise<void> => {
    const before = asked()
    cluster.refresh()
    await until('asked again', () => asked() > before)
  }
  await anotherLook()
  await anotherLook() // by now the answer to the one before has been handled
  deepEqual(heard, [])

  node.state.leader = -1
  cluster.refresh()
  await until('told', () => heard.length > 0)
  for (let i = 0; i < 3; i++) await anotherLook() // it looks every round until there is a leader
  deepEqual(heard, [null])
  node.state.leader = 1
  await until('told again', () => heard.length > 1)
  deepEqual(heard, [null, 1])
  await cluster.close()
})

test('a topic that has grown is told of once, with the time, as its keys move', async t => {
  await using node = await scriptedNode(3)
  const warnings = heard(t, 'warning')
  const cluster = clusterAt(node.brokers)
  cluster.start(['t'])
  await until('ready', () => cluster.link(1, 'produce'))
  node.state.partitions = 6
  cluster.refresh()
  await until('known', () => cluster.partitions('t') === 6)
  const looks = node.requests.filter(({ api }) => api === apis.metadata).length
  cluster.refresh()
  await until('looked again', () => node.requests.filter(({ api }) => api === apis.metadata).length > looks)
  deepEqual(warnings.length, 1)
  match(warnings[0]!.what, /^t has grown from 3 to 6 partitions \(seen at \d{4}-.+Z\): from now on keys go to other/)
  await cluster.close()
})

test('a leader that has moved is asked for at once and soon again, and then less and less often', async () => {
  await using node = await scriptedNode()
  const cluster = clusterAt(node.brokers)
  cluster.start(['t'])
  await until('ready', () => cluster.link(1, 'produce'))
  const asked = (): number => node.requests.filter(({ api }) => api === apis.metadata).length
  const before = asked()
  node.state.leader = -1 // as long as it is not elected
  const begun = performance.now()
  cluster.stale(codes.notLeaderOrFollower)
  await until('asked three times', () => asked() >= before + 3)
  const took = performance.now() - begun
  equal(took < 200, true, `three looks took ${took} ms`) // at once, after 20 ms, and after 40 more
  await until('asked for long', () => performance.now() - begun > 900)
  equal(asked() - before <= 8, true, `${asked() - before} looks in 900 ms`)
  await cluster.close()
})
