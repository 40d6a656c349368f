import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Incoming, PacingHandler, Reading, Source } from '../../src/bridge/broker.ts'
import { Readied } from '../../src/bridge/readied.ts'
import type { Readable } from '../../src/bridge/readied.ts'
import { aRecord } from '../help/record.ts'

/** Somebody who reads `t` over a broker in the test's hand; records with a value wait until `go` names it. */
async function aReader() {
  const handed: string[] = []
  const waits = new Map<string, PromiseWithResolvers<void>>()
  let source = {} as Source
  let deliver: PacingHandler = () => {}
  const broker = {
    admin: {},
    past: { page: () => Promise.resolve({ records: [record('page')], next: 1n, first: 0n, end: 1n }) },
    subscribe: (of: Source, handler: PacingHandler) => {
      source = of
      deliver = handler
      return Promise.resolve({} as Reading)
    },
  } as unknown as Readable
  const name = ({ key }: Incoming): string => Buffer.from(key ?? []).toString()
  const ready = (one: Incoming): Promise<void> | null => {
    if (one.value === null || one.value.length === 0) return null
    const known = waits.get(name(one)) ?? Promise.withResolvers<void>()
    waits.set(name(one), known)
    return known.promise
  }
  const readied = new Readied(broker, new Set(['t']), ready)
  const moved: string[] = []
  const asked: Source = {
    topic: 't',
    partitions: 'all',
    from: 'end',
    moved: partition => void moved.push(`${partition}`),
  }
  await readied.subscribe(asked, one => void handed.push(name(one)))
  const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  const go = async (which: string): Promise<void> => {
    waits.get(which)?.resolve()
    await settled()
  }
  return {
    readied,
    handed,
    moved,
    deliver: (one: Incoming) => deliver(one),
    go,
    settled,
    move: () => source.moved?.(0, 0n),
  }
}

const record = (name: string, waits = true, partition = 0): Incoming =>
  aRecord({ topic: 't', partition, key: Buffer.from(name), value: Buffer.from(waits ? 'x' : '') })

test('a record waits until it is ready, those behind it in its partition wait for it, and others do not', async () => {
  const { handed, deliver, go } = await aReader()
  equal(deliver(record('now', false)), undefined)
  const held = deliver(record('a'))
  equal(deliver(record('b', false)), held)
  void deliver(record('c'))
  void deliver(record('other', false, 1))
  deepEqual(handed, ['now', 'other'])
  await go('a')
  deepEqual(handed, ['now', 'other', 'a', 'b'])
  await go('c')
  await held
  void deliver(record('d', false))
  deepEqual(handed, ['now', 'other', 'a', 'b', 'c', 'd'])
})

test('what waits is forgotten when its log was made anew, and handed to nobody who reads no longer', async () => {
  const { readied, handed, moved, deliver, go, move } = await aReader()
  void deliver(record('a'))
  void deliver(record('b', false))
  move()
  void deliver(record('c'))
  await go('a')
  deepEqual([handed, moved], [[], ['0']])
  await go('c')
  deepEqual(handed, ['c'])
  void deliver(record('d'))
  readied[Symbol.dispose]()
  await go('d')
  deepEqual(handed, ['c'])
})

test('a page is given once its records are ready', async () => {
  const { readied, go, settled } = await aReader()
  let given = false
  void readied.past.page({ topic: 't', partition: 0, from: 0n, maxBytes: 1 }).then(() => (given = true))
  await settled()
  equal(given, false)
  await go('page')
  equal(given, true)
})
