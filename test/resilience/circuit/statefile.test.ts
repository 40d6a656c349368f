import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { alarms, wallClock } from '../../../src/clock.ts'
import { Circuit } from '../../../src/resilience/circuit/circuit.ts'
import { StateFile } from '../../../src/resilience/circuit/statefile.ts'
import { chance } from '../../help/chance.ts'
import { frozenClock, seen } from '../../help/clock.ts'
import { heard } from '../heard.ts'

type Written = Readonly<{ version: number; circuits: Readonly<Record<string, Readonly<Record<string, unknown>>>> }>

function aScene(t: TestContext) {
  chance(t)
  const clock = frozenClock(t)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-state-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'circuits.json')
  const aCircuit = (name = 'orders'): Circuit => {
    const circuit = new Circuit({
      name,
      mode: 'enforce',
      windowMs: 10_000,
      minCalls: 20,
      failurePercent: 50,
      consecutive: 1,
      openMs: 5_000,
      openMaxMs: 60_000,
      probes: 1,
      longestWaitMs: 5_000,
    })
    t.after(() => circuit[Symbol.dispose]())
    return circuit
  }
  const written = (): Written => JSON.parse(readFileSync(path, 'utf8')) as Written
  const stateOf = (name = 'orders'): unknown => existsSync(path) && written().circuits[name]?.['state']
  return { ...clock, folder, path, aCircuit, written, stateOf, warnings: heard(t, 'warning') }
}
const open = (circuit: Circuit): void => circuit.judge(circuit.admit()!, 'failure', 'silence')

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
/** Long enough for a writing that had begun: the disk has done three of them since. */
async function settled(folder: string): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await turn()
    await writeFile(join(folder, 'after'), 'x', { flush: true })
    await rename(join(folder, 'after'), join(folder, 'later'))
  }
}

test('an open circuit is open again after a restart, for what is left of its time', async t => {
  const { path, aCircuit, advance, warnings } = aScene(t)
  {
    const [orders, stock] = [aCircuit(), aCircuit('stock')]
    await using _ = await StateFile.open(path, [orders, stock])
    open(orders)
  }
  await advance(2_000)
  const [orders, stock] = [aCircuit(), aCircuit('stock')]
  await using _ = await StateFile.open(path, [orders, stock])
  equal(orders.state, 'open')
  equal(orders.refusal('gate').retryAfterMs, 3_000)
  equal(orders.snapshot().openings, 1)
  equal(stock.state, 'closed')
  deepEqual(warnings, [])
})

test('a restart of a restart says so once', async t => {
  const { path, aCircuit } = aScene(t)
  const reasons: string[] = []
  for (let i = 0; i < 3; i++) {
    const circuit = aCircuit()
    await using _ = await StateFile.open(path, [circuit])
    if (i === 0) open(circuit)
    reasons.push(circuit.snapshot().reason)
  }
  const reason = '1 in a row failed, the last: silence'
  deepEqual(reasons, [reason, `before the restart ${reason}`, `before the restart ${reason}`])
})

test('without a file all begin closed, and one is written at once', async t => {
  const { path, folder, aCircuit, written, stateOf, advance, warnings } = aScene(t)
  const circuit = aCircuit()
  await using _ = await StateFile.open(path, [circuit])
  await advance(1)
  await seen('the first file', () => stateOf() === 'closed')
  const reason = 'it has never opened'
  deepEqual(written(), {
    version: 1,
    circuits: { orders: { state: 'closed', forced: null, reason, openings: 0, until: null } },
  })
  await settled(folder)
  equal(existsSync(join(folder, 'circuits.json.tmp')), false)
  deepEqual(warnings, [])
})

test('it is written after changes only, at most once a second, and never while a call is on its way', async t => {
  const { folder, path, aCircuit, written, stateOf, advance } = aScene(t)
  const circuit = aCircuit()
  await using _ = await StateFile.open(path, [circuit])
  await advance(1)
  await seen('the first file', () => stateOf() === 'closed')
  open(circuit)
  equal(stateOf(), 'closed')
  await advance(998)
  await settled(folder)
  equal(stateOf(), 'closed')
  await advance(2)
  await seen('the open circuit', () => stateOf() === 'open')
  deepEqual(written().circuits['orders'], { ...circuit.saved })
  rmSync(path)
  await advance(3_000)
  await settled(folder)
  equal(existsSync(path), false, 'nothing has changed')
  circuit.force('observe')
  await advance(1)
  await seen('the forced circuit', () => existsSync(path) && written().circuits['orders']?.['forced'] === 'observe')
})

test('what changes while it is being written is written a second later', async t => {
  const { folder, path, aCircuit, stateOf, advance } = aScene(t)
  const circuit = aCircuit()
  await using _ = await StateFile.open(path, [circuit])
  await advance(1) // the first writing has begun
  open(circuit)
  await seen('the file', () => existsSync(path))
  await settled(folder)
  await advance(1_000)
  await seen('the change', () => stateOf() === 'open')
})

test('closing it writes the last change, and hears of no more', async t => {
  const { folder, path, aCircuit, written, stateOf, advance } = aScene(t)
  const circuit = aCircuit()
  {
    await using _ = await StateFile.open(path, [circuit])
    circuit.force('closed')
  }
  equal(written().circuits['orders']?.['forced'], 'closed')
  circuit.force('open')
  await advance(5_000)
  await settled(folder)
  equal(stateOf(), 'closed')
})

test('what changes while it is being written is written when it is closed, and no more afterwards', async t => {
  const { path, aCircuit, advance } = aScene(t)
  const beside = `${path}.tmp`
  execFileSync('mkfifo', [beside]) // a disk that takes its time
  const circuit = aCircuit()
  const file = await StateFile.open(path, [circuit])
  await advance(1)
  circuit.force('observe')
  const closed = file[Symbol.asyncDispose]()
  const reader = openSync(beside, 'r+')
  await closed
  const read = Buffer.alloc(4_096)
  const written = read.toString('utf8', 0, readSync(reader, read))
  closeSync(reader)
  deepEqual(written.match(/"forced": [^,]+/g), ['"forced": null', '"forced": "observe"'])
  equal(alarms(), 0)
})

test('what is out of date is passed with a warning', async t => {
  const { path, aCircuit, advance, warnings } = aScene(t)
  {
    const circuit = aCircuit()
    await using _ = await StateFile.open(path, [circuit])
    open(circuit)
  }
  await advance(5_000)
  const circuit = aCircuit()
  await using _ = await StateFile.open(path, [circuit])
  equal(circuit.state, 'closed')
  deepEqual(
    warnings.map(({ what }) => what),
    [`The state of the circuit orders in ${path} is out of date: it begins closed.`],
  )
})

test('a file that is not ours is passed with a warning, whatever is in it', async t => {
  const { path, aCircuit, warnings } = aScene(t)
  const contents = ['', 'garbage', '[]', '"x"', 'null', '{}', '{"version":2,"circuits":{}}', '{"version":1}']
  for (const content of [...contents, '{"version":1,"circuits":[]}', ' '.repeat(1_048_577)]) {
    writeFileSync(path, content)
    const circuit = aCircuit()
    await using _ = await StateFile.open(path, [circuit])
    equal(circuit.state, 'closed')
    const [warning, ...more] = warnings.splice(0)
    match(String(warning?.what), /^The states of the circuits could not be read from .*: all begin closed\.$/)
    deepEqual(more, [])
  }
})

test('one entry that is wrong costs only its own circuit; of a circuit that is gone nothing is kept', async t => {
  const { path, aCircuit, written, warnings } = aScene(t)
  const good = { state: 'open', forced: null, reason: 'x', openings: 2, until: wallClock() + 4_000 }
  const wrong = [
    null,
    7,
    { ...good, state: 'ajar' },
    { ...good, forced: 'half-open' },
    { ...good, reason: undefined },
    { ...good, openings: -1 },
    { ...good, openings: 1.5 },
    { ...good, until: '1' },
    { ...good, until: 1e300 },
  ]
  for (const bad of wrong) {
    writeFileSync(path, JSON.stringify({ version: 1, circuits: { bad, good, gone: good } }))
    const circuits = [aCircuit('bad'), aCircuit('good')]
    await using file = await StateFile.open(path, circuits)
    deepEqual(
      circuits.map(({ state }) => state),
      ['closed', 'open'],
    )
    equal(circuits[1]!.refusal('gate').retryAfterMs, 4_000)
    match(String(warnings.splice(0)[0]?.what), /^The state of the circuit bad in .* is not understood/)
    await file[Symbol.asyncDispose]()
    deepEqual(Object.keys(written().circuits), ['bad', 'good'])
  }
})

test('whatever a file holds, the gateway starts and its circuits work', async t => {
  const { path, aCircuit, advance } = aScene(t)
  const entry = fc.record(
    {
      state: fc.constantFrom('open', 'closed', 'half-open', 7),
      forced: fc.constantFrom(null, 'open', 'closed', 'observe', ''),
      reason: fc.string(),
      openings: fc.oneof(fc.nat(), fc.double()),
      until: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: wallClock() + 100_000 }), fc.maxSafeNat()),
    },
    { requiredKeys: ['state'] },
  )
  const file = fc.record({ version: fc.constant(1), circuits: fc.record({ orders: entry, stock: fc.jsonValue() }) })
  await fc.assert(
    fc.asyncProperty(file, async content => {
      writeFileSync(path, JSON.stringify(content))
      using circuit = aCircuit()
      await using _ = await StateFile.open(path, [circuit])
      circuit.force(null)
      await advance(72_000) // the longest that it can be open
      equal(circuit.wouldRefuse('gate'), null)
      const pass = circuit.admit()
      ok(pass !== null)
      circuit.judge(pass, 'success')
      equal(circuit.state, 'closed')
    }),
    { numRuns: 100 },
  )
})

test('a file that cannot be written is one warning, until it can be written again', async t => {
  const { folder, aCircuit, advance, warnings } = aScene(t)
  const below = join(folder, 'below')
  const path = join(below, 'circuits.json')
  const circuit = aCircuit()
  await using _ = await StateFile.open(path, [circuit])
  const change = async (): Promise<void> => {
    await settled(folder)
    circuit.force(circuit.snapshot().forced === null ? 'observe' : null)
    await advance(1_000)
    await settled(folder)
  }
  await advance(1)
  await seen('the warning', () => warnings.length > 0)
  equal(warnings[0]?.what, `The states of the circuits cannot be written to ${path}.`)
  match(String(warnings[0].cause), /ENOENT/)
  for (let i = 0; i < 3; i++) await change()
  equal(warnings.length, 1)
  mkdirSync(below)
  await change()
  await seen('the file', () => existsSync(path))
  rmSync(below, { recursive: true })
  await change()
  await seen('the second warning', () => warnings.length === 2)
})
