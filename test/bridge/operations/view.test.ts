import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { Incoming } from '../../../src/bridge/broker.ts'
import { newId, write } from '../../../src/bridge/operations/event.ts'
import type { Event } from '../../../src/bridge/operations/event.ts'
import { Overflow } from '../../../src/bridge/operations/overflow.ts'
import { View } from '../../../src/bridge/operations/view.ts'
import type { Room } from '../../../src/bridge/operations/view.ts'
import { versionOf } from '../../../src/bridge/operations/entry.ts'
import { anAccepted } from '../../help/operations.ts'
import { aRecord, bytes } from '../../help/record.ts'

/** A log of one partition, as a broker has it. */
class Log {
  readonly records: Incoming[] = []

  add(id: string, event: Event): void {
    const { key, value, headers } = write(id, event)
    this.#put(key, value, headers)
  }

  forget(key: string): void {
    this.#put(key, null, [])
  }

  view(records = this.records, room?: Room): View {
    const view = new View(() => {}, room)
    for (const record of records) view.apply(record)
    return view
  }

  /** What compaction leaves of the records before an offset: the last of each key. */
  compacted(before: number): readonly Incoming[] {
    const last = new Map(this.records.slice(0, before).map(record => [String(record.key), record]))
    return [...[...last.values()].sort((a, b) => Number(a.offset - b.offset)), ...this.records.slice(before)]
  }

  #put(key: string, value: Uint8Array | null, headers: Incoming['headers']): void {
    this.records.push(aRecord({ offset: BigInt(this.records.length), key: bytes(key), value, headers }))
  }
}

const completed = (body: string): Event => ({
  kind: 'completed',
  reply: { status: 200, headers: [], body: bytes(body) },
  at: 1,
  lateMs: 0,
})
const held = (scope: string, client = '::1') => anAccepted({ client, holds: { scope, fingerprint: 'f' } })

test('the first end of an operation stands', () => {
  const log = new Log()
  const id = newId()
  log.add(id, anAccepted())
  log.add(id, completed('first'))
  log.add(id, completed('second'))
  log.add(id, { kind: 'expired', at: 2 })
  const said = log.view().get(id)?.ending?.said
  equal(said?.kind === 'completed' && String(said.reply().body), 'first')
  equal(versionOf(log.view().get(id)!), 1)
})

test('of those that claim one key the first holds it, until it is forgotten or has expired', () => {
  const log = new Log()
  const [a, b, c] = [newId(), newId(), newId()]
  log.add(a, held('k'))
  log.add(b, held('k'))
  deepEqual([log.view().holder('k')?.id, log.view().get(b)], [a, null])
  log.forget(a)
  equal(log.view().holder('k'), null)
  log.add(b, held('k'))
  equal(log.view().holder('k')?.id, b)
  log.add(b, { kind: 'expired', at: 1 })
  log.add(c, held('k'))
  equal(log.view().holder('k')?.id, c)
  equal(log.view().get(b)?.ending?.said.kind, 'expired')
})

test('a callback is untold from the end of its operation until it is delivered, and again when somebody wants it told once more', () => {
  const log = new Log()
  const [id, other] = [newId(), newId()]
  const called = (result: 'delivered' | 'exhausted'): Event => ({
    kind: 'called',
    result,
    attempts: 1,
    detail: '',
    at: 2,
  })
  const untold = () =>
    log
      .view()
      .untold(9)
      .map(({ callback }) => [callback?.asked, callback?.said?.said.result])
  for (const [who, callback] of [
    [id, 'http://a/'],
    [other, undefined],
  ] as const)
    log.add(who, anAccepted(callback === undefined ? {} : { callback }))
  deepEqual(untold(), [])
  log.add(other, completed('b'))
  log.add(id, completed('a'))
  deepEqual(untold(), [[3, undefined]])
  log.add(id, called('exhausted'))
  deepEqual(untold(), [[3, 'exhausted']])
  log.add(id, { kind: 'recalled', at: 3 })
  deepEqual(untold(), [[5, undefined]])
  log.add(id, called('delivered'))
  deepEqual(untold(), [])
  equal(versionOf(log.view().get(id)!), 6)
})

test('a client finds its own, the latest first', () => {
  const log = new Log()
  const ids = Array.from({ length: 5 }, newId)
  for (const id of ids) log.add(id, anAccepted())
  log.add(newId(), anAccepted({ client: 'other' }))
  const page = (limit: number, after: string | null) =>
    log
      .view()
      .of('::1', limit, after)
      .map(({ id }) => id)
  deepEqual(page(2, null), [ids[4], ids[3]])
  deepEqual(page(9, ids[3]!), [ids[2], ids[1], ids[0]])
})

test('what is forgotten takes up nothing', () => {
  const log = new Log()
  const ids = Array.from({ length: 50 }, newId)
  for (const id of ids) {
    log.add(id, held(id))
    log.add(id, completed('x'.repeat(100)))
  }
  const view = log.view()
  deepEqual([view.size, view.pending, view.bytes > 50 * 100], [50, 0, true])
  for (const id of ids) view.apply(aRecord({ key: bytes(id), value: null }))
  deepEqual([view.size, view.pending, view.bytes, view.of('::1', 9, null)], [0, 0, 0, []])
})

test('how much of the room is taken: where those that have ended have a file, the others count', () => {
  const log = new Log()
  for (const id of ids) log.add(id, anAccepted())
  using pending = log.view(log.records, { entries: 10, bytes: 100, overflow })
  deepEqual([pending.full, pending.used > 1], [true, true], 'none of them can give way')
  for (const id of ids.slice(0, 4)) log.add(id, completed('x'.repeat(100)))
  const used = (room: Partial<Room>): number => {
    using view = log.view(log.records, { entries: 10, bytes: Infinity, overflow: null, ...room })
    return view.used
  }
  equal(used({}), 0.6)
  equal(used({ overflow }), 0.2)
  ok(used({ bytes: 800 }) > 0.6)
})

const overflow: Room['overflow'] = interned => new Overflow(':memory:', interned)

const summary = (view: View) => ({
  operations: ids
    .flatMap(id => view.get(id) ?? [])
    .map(({ id, progress, ending, callback }) => [
      id,
      callback,
      progress?.said,
      ending?.said.kind === 'completed' ? ending.said.reply() : ending?.said,
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  holders: scopes.map(scope => view.holder(scope)?.id),
  pending: view.pending,
  size: view.size,
  pages: view.of('::1', 3, null).map(({ id }) => id),
  untold: view
    .untold(9)
    .map(({ id }) => id)
    .sort(),
})

const scopes = ['k', 'l'] as const
const ids = Array.from({ length: 6 }, newId)

test('whatever happened, a compacted log adds up to the same, and so does one beyond memory', () => {
  const one = fc.constantFrom(...ids)
  const step = fc.oneof(
    fc.record({ what: fc.constant('accept' as const), id: one, scope: fc.constantFrom(null, ...scopes) }),
    fc.record({
      what: fc.constantFrom(
        'progress' as const,
        'complete' as const,
        'expire' as const,
        'forget' as const,
        'call' as const,
        'recall' as const,
      ),
      id: one,
      scope: fc.constant(null),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(60), (steps, before) => {
      const log = new Log()
      const seen = new Set<string>()
      for (const [i, { what, id, scope }] of steps.entries()) {
        const view = log.view()
        // each id is accepted once; who did not get the key takes its claim back, as the protocol has it
        if (what === 'accept' && !seen.has(id)) {
          seen.add(id)
          log.add(id, scope === null ? anAccepted({ callback: 'http://a/' }) : held(scope))
          if (log.view().get(id) === null) log.forget(id)
        } else if (what === 'progress') log.add(id, { kind: 'progress', percent: i, note: '', at: i })
        else if (what === 'complete') log.add(id, completed(String(i)))
        else if (what === 'expire') log.add(id, { kind: 'expired', at: i })
        else if (what === 'call' && view.get(id)?.ending != null)
          log.add(id, { kind: 'called', result: i % 2 === 0 ? 'delivered' : 'refused', attempts: i, detail: '', at: i })
        else if (what === 'recall' && view.get(id)?.ending != null) log.add(id, { kind: 'recalled', at: i })
        else if (what === 'forget') for (const key of view.get(id)?.keys ?? []) log.forget(key)
      }
      const whole = summary(log.view())
      deepEqual(summary(log.view(log.compacted(before) as Incoming[])), whole)
      using small = log.view(log.records, { entries: 2, bytes: Infinity, overflow })
      deepEqual(summary(small), whole)
    }),
    { numRuns: 500 },
  )
})
