import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KafkaCluster, KafkaNode } from '../../tools/kafka/cluster.ts'
import { figure, none, note, percent, seconds, share, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { topics } from './gateway.ts'
import { accepted, served } from './load.ts'
import { Scene } from './scene.ts'
import type { SceneOptions } from './scene.ts'
import { answers, fewDials, longestGap, quickRefusals } from './tally.ts'
import { now, sleep, until } from './time.ts'
import { createTopics, leadersMoved, places } from './topics.ts'

export type FailoverOptions = SceneOptions &
  Readonly<{
    leaderlessMs: number // how long the leader stays dead
    twoDownMs: number
    survivor: 'leader' | 'follower' // which of three is left
    afterMs: number
  }>

const sessionMs = 9_000 // broker.session.timeout.ms, as Kafka sets it
const partitions = 6

/** F3: three brokers; the leader of every partition is killed; then, all being back, two are, so that too few are in sync. */
export async function failover(cluster: KafkaCluster, options: FailoverOptions): Promise<readonly Figure[]> {
  const { nodes, brokers } = cluster
  // not the one that leads the controllers: their election comes on top of the session, and is none of ours
  const first = nodes.find(({ id }) => id !== controller(nodes[0]!)) ?? nodes[0]!
  const ids = nodes.map(({ id }) => id)
  const all = Object.values(topics).map(name => ({ name, partitions, leader: first.id }))
  await createTopics(brokers, all, ids)
  await using scene = await Scene.open(cluster, { ...options, createTopics: false })
  const inSync = async (): Promise<boolean> => {
    for (const topic of Object.values(topics))
      for (const { inSync } of await places(brokers, topic)) if (inSync.length < nodes.length) return false
    return true
  }

  await sleep(2_000)
  const killed = now()
  await first.kill9()
  const others = nodes.filter(node => node !== first).map(({ address }) => address)
  const moved = await leadersMoved(others.join(), topics.commands, first.id, options.leaderlessMs)
  await sleep(killed + options.leaderlessMs - now())
  const replaced = now()
  await first.restart()
  await until('all copies to be in sync', 60_000, inSync)
  await sleep(2_000)

  const leader = (await places(brokers, topics.commands))[0]?.leader ?? first.id
  const survivor = options.survivor === 'leader' ? leader : (ids.find(id => id !== leader) ?? leader)
  const lost = nodes.filter(({ id }) => id !== survivor)
  const began = now()
  await Promise.all(lost.map(node => node.kill9()))
  const twoDown = now()
  await sleep(options.twoDownMs)
  const ready = await scene.gateway.ready()
  const ending = now()
  for (const node of lost) node.launch()
  await Promise.all(lost.map(node => node.serves(nodes.length)))
  const back = now()
  const again = await scene.first(ending, 60_000, served)
  await sleep(options.afterMs)
  await until('all copies to be in sync', 60_000, inSync)
  const { figures, dials } = await scene.settle()

  const gapMs = longestGap(scene.answers.filter(served), killed, replaced)
  const next = await scene.first(killed, 1, answer => served(answer) && answer.ended > moved)
  const between = scene.answers.filter(({ begun, ended }) => begun >= twoDown && ended < ending)
  const refused = between.filter(({ status }) => status === 503)
  const afterMs = again === null ? Infinity : Math.max(0, again.ended - back)
  const limitMs = sessionMs + 3_000
  return [
    timed('leader killed: no success for at most', `≤ ${seconds(limitMs)}`, seconds(gapMs), gapMs <= limitMs),
    note(
      'new leaders, and the first 2xx after them',
      `${seconds(moved - killed)}, ${seconds((next?.ended ?? Infinity) - moved)}`,
    ),
    answers(
      'while the leader is dead',
      scene.answers.filter(({ ended }) => ended >= killed && ended < replaced),
    ),
    none(
      'with two down: accepted',
      '0',
      between.length,
      between.filter(accepted).map(({ id }) => id),
    ),
    figure(
      'with two down: 503',
      '≥ 95 %',
      share(refused.length, between.length),
      percent(refused.length, between.length) >= 95,
    ),
    quickRefusals('with two down: `not-sent` within 20 ms', between),
    note('with two down: /readyz', [ready.status, ...ready.reasons].join(' ')), // 503 where our own reply partition has no leader
    answers(
      'from then until all serve',
      scene.answers.filter(({ ended }) => ended >= began && ended < back),
    ),
    timed('first 2xx of the worker, after all serve', '≤ 5 s', seconds(afterMs), afterMs <= 5_000),
    answers(
      'from then on',
      scene.answers.filter(({ ended }) => ended >= back),
    ),
    fewDials(dials, killed),
    ...figures,
  ]
}

/** Which node leads the controllers, as one of them has written down. */
const controller = ({ path }: KafkaNode): number =>
  (JSON.parse(readFileSync(join(path, '__cluster_metadata-0', 'quorum-state'), 'utf8')) as { leaderId: number })
    .leaderId
