import { test } from 'node:test'
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { events } from '../../../src/events.ts'
import { Instance, bookings, tripBroker, tripOf } from '../../help/processes.ts'
import type { Script } from '../../help/processes.ts'
import { until } from '../../help/until.ts'

const all = ['trip.flight', 'trip.hotel', 'trip.car']
const config = tripOf()

/** Runs a trip on an instance that dies after so many records, and on a second one that goes on; what became of it. */
async function trip(script: Script, lives: number) {
  await using broker = await tripBroker(config)
  const { booked, ...told } = await bookings(broker, config, script)
  await using first = await new Instance(broker, config).open(lives)
  const id = first.begin(config)
  const isOver = async (instance: Instance): Promise<boolean> => {
    await Promise.race([first.died, until('it ends', () => (instance.state(id)?.state ?? 'pending') !== 'pending')])
    return !first.dead
  }
  if (await isOver(first)) return { died: false, end: first.state(id), booked: booked(), ...told }
  await using second = await new Instance(broker, config).open()
  await until('the other ends it', () => (second.state(id)?.state ?? 'pending') !== 'pending')
  return { died: true, end: second.state(id), booked: booked(), ...told }
}

const scripts: Readonly<Record<string, Readonly<{ script: Script; end: string }>>> = {
  'all steps are done': { script: () => 200, end: 'completed' },
  'the last step is refused': { script: type => (type === 'trip.car' ? 409 : 200), end: 'failed' },
  'the second step is done and never answered': { script: type => (type === 'trip.hotel' ? null : 200), end: 'failed' },
}

for (const [what, { script, end }] of Object.entries(scripts))
  test(`where ${what}, a process killed at any record ends as it would have`, async () => {
    let boundaries = 0
    for (let lives = 1; ; lives++) {
      const result = await trip(script, lives)
      const told = `after ${lives} records: ${JSON.stringify(result)}`
      equal(result.end?.state, end, told)
      deepEqual(result.booked, end === 'completed' ? all : [], told)
      equal(new Set(result.types).size, result.types.length, told)
      if (!result.died) break
      boundaries++
    }
    ok(boundaries >= 7, `${boundaries} boundaries were found`) // one record to begin with, a command and an event for each step
  })

test('steps are undone in reverse, and a refused one needs no undoing', async () => {
  const { done, end } = await trip(type => (type === 'trip.car' ? 409 : 200), Infinity)
  deepEqual(done, ['trip.flight', 'trip.hotel', 'trip.hotel.undo', 'trip.flight.undo'])
  deepEqual(end?.steps, [
    { name: 'flight', state: 'undone', status: 200 },
    { name: 'hotel', state: 'undone', status: 200 },
    { name: 'car', state: 'refused', status: 409 },
  ])
})

test('what is late, or failed for good, is undone itself, as it may have been done', async () => {
  for (const status of [null, 500]) {
    const { done } = await trip(type => (type === 'trip.hotel' ? status : 200), Infinity)
    deepEqual(done, ['trip.flight', 'trip.hotel', 'trip.hotel.undo', 'trip.flight.undo'], String(status))
  }
})

test('a step is sent again with the same id after silence and after a failure', async () => {
  const { done, end, ids } = await trip((_type, sending) => (sending === 1 ? null : -200), Infinity)
  deepEqual([end?.state, done], ['completed', all])
  deepEqual([...ids.values()], [2, 2, 2])
})

test('a process whose undoing fails is told, parked, and goes on when it is resumed', async t => {
  const warnings: string[] = []
  const listen = ({ what }: { what: string }): void => void warnings.push(what)
  events.warning.subscribe(listen)
  t.after(() => events.warning.unsubscribe(listen))
  await using broker = await tripBroker(config)
  let isBroken = true
  const { booked } = await bookings(broker, config, type => {
    if (type === 'trip.car') return 409
    return type === 'trip.flight.undo' && isBroken ? 422 : -200
  })
  await using first = await new Instance(broker, config).open()
  const id = first.begin(config)
  const [parked] = await until('it is parked', () =>
    first.processes.parked.length > 0 ? first.processes.parked : null,
  )
  equal(parked?.id, id)
  match(parked?.cause ?? '', /^car answered 409; undoing it failed: flight answered 422$/)
  equal(first.state(id)?.phase, 'parked')
  equal(first.state(id)?.steps?.[0]?.state, 'not-undone')
  equal(warnings.filter(what => what.includes(`The process trip ${id} is parked`)).length, 1)

  await using second = await new Instance(broker, config).open()
  await until('the other knows', () => second.processes.parked.length > 0)
  isBroken = false
  await second.processes.resume(id)
  await until('it ends', () => second.state(id)?.state === 'failed')
  await until('the first knows', () => first.processes.parked.length === 0)
  deepEqual(booked(), [])
  await rejects(second.processes.resume(id), { code: 'unknown-operation' })
})
