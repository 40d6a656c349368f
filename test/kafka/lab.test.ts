import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { usual } from '../../src/lab/behaviour.ts'
import { sluice } from '../../src/lab/gateway.ts'
import { deeds, gauge, goodput, grown, part } from '../../src/lab/measure.ts'
import { play } from '../../src/lab/play.ts'
import { constant } from '../../src/lab/rate.ts'
import type { Scene } from '../../src/lab/run.ts'
import { useKafka } from '../help/kafka.ts'

const kafka = useKafka()

/** Two members that can do 100 a second each are asked for 60; one stands still for a while, and the other leaves. */
const scene: Scene = {
  name: 'small',
  open: sluice(),
  members: 2,
  behaviour: { ...usual, places: 2, serviceMs: 20 },
  populations: [{ name: 'clients', rate: constant(60, 6_000), patienceMs: 3_000 }],
  phases: [
    { name: 'before', fromMs: 0, toMs: 2_000 },
    { name: 'frozen', fromMs: 2_000, toMs: 3_000 },
  ],
  faults: [
    { atMs: 2_000, do: 'freeze', who: 'all' },
    { atMs: 3_000, do: 'thaw', who: 'all' },
    { atMs: 4_000, do: 'leave', who: 1 },
  ],
  possible: () => 200,
  proxied: true,
  warm: [{ name: 'warm', rate: constant(50, 1_000), patienceMs: 5_000 }],
}

test(
  'a scene is played: load, workers, faults, and what each of them saw',
  { skip: kafka.skip, timeout: 120_000 },
  async () => {
    const said: string[] = []
    const stage = { brokers: kafka.brokers, pids: () => [], broker: null, say: (line: string) => void said.push(line) }
    const run = await play(scene, stage)

    const before = part(run, 'clients', 'before')
    equal(before.fates.served, before.sent)
    ok(before.sent > 70 && before.sent < 170, String(before.sent)) // 120 on average
    const frozen = part(run, 'clients', 'frozen')
    ok((frozen.served.max ?? 0) > 400, `who asked while all stood still had to wait: ${frozen.served.max} ms`)
    equal(run.crossed, 0)

    deepEqual(
      run.happened.map(({ do: what }) => what),
      ['freeze', 'thaw', 'leave'],
    )
    const served = goodput(run, [0, 6_000])
    const { executed } = deeds(run, [0, 7_000])
    ok(executed >= served, `${executed} executed, ${served} served`)
    ok(grown(run, 'sluice_calls_total', [1_000, 5_000]) > 100, 'the gateway’s own metrics')
    equal(run.samples[0]?.ready, 200)
    deepEqual(gauge(run, 'sluice_worker_members').slice(0, 4), [2, 2, 2, 2]) // the group is watched
    deepEqual(said.length, 2)
  },
)
