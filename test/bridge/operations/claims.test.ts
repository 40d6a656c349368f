import { test } from 'node:test'
import { equal, ok, rejects } from 'node:assert/strict'
import fc from 'fast-check'
import type { MemoryBroker } from '../../../src/bridge/memory.ts'
import { Claims, Operations } from '../../../src/bridge/operations/index.ts'
import type { Claimed } from '../../../src/bridge/operations/index.ts'
import { endingOf } from '../../../src/bridge/operations/claims.ts'
import type { Reply } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import type { Outcome } from '../../../src/problem.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { anInstance, logBroker, topics } from '../../help/operations.ts'

const terms = { path: '/operations', retryAfterMs: 1_000, keepMs: 60_000 } as const
const holding = (scope: string) => ({ scope, fingerprint: 'f' })
const answerOf = (body: number): Reply => ({ ...anAnswer, body: Buffer.from(String(body)) })
const complete = (operations: Operations, id: string, body: number): Promise<void> =>
  operations.happen(id, { kind: 'completed', reply: answerOf(body), at: Date.now(), lateMs: 0 })

test('of many that claim a key at once, on two instances, one has it', async t => {
  const broker = await logBroker(t)
  const all = [await anInstance(t, broker), await anInstance(t, broker)].map(
    ({ operations }) => new Claims(operations, terms),
  )
  for (const scope of Array.from({ length: 50 }, (_, i) => `k-${i}`)) {
    const claimed = await Promise.all(Array.from({ length: 8 }, (_, i) => all[i % 2]!.claim(aCall(), holding(scope))))
    equal(claimed.filter(({ kind }) => kind === 'won').length, 1)
  }
})

test('whoever waits for the end of another gets it', async t => {
  const { operations } = await anInstance(t, await logBroker(t))
  const claims = new Claims(operations, terms)
  const won = await claims.claim(aCall(), holding('k'))
  const held = await claims.claim(aCall(), holding('k'))
  ok(won.kind === 'won' && held.kind === 'held')
  equal(held.holder.ending(), null)
  equal(held.holder.pending().status, 202)
  const waiting = held.holder.wait(aCall(), 5_000)
  await complete(operations, won.id, 7)
  equal(body(await waiting), '7')
})

test('a key whose window is over is free', async t => {
  const { operations } = await anInstance(t, await logBroker(t))
  const claims = new Claims(operations, { ...terms, keepMs: 0 })
  const first = await claims.claim(aCall(), holding('k'))
  ok(first.kind === 'won')
  await complete(operations, first.id, 1)
  await operations.ended(first.id, 1_000, new AbortController().signal)
  equal((await claims.claim(aCall(), holding('k'))).kind, 'won')
})

test('a claim that the broker does not take says that nothing was sent', async t => {
  const broker = await logBroker(t)
  const { operations } = await anInstance(t, broker)
  broker.outage()
  const claims = new Claims(operations, terms)
  await rejects(claims.claim(aCall(), holding('k')), { code: 'broker-unavailable', outcome: 'not-sent' })
})

test('a process whose claim is in doubt may have begun: it is told so, is not forgotten, and holds its key', async t => {
  const broker = await logBroker(t)
  let outcome: Outcome = 'in-doubt'
  const publish: MemoryBroker['publish'] = async record => {
    const acknowledged = await broker.publish(record)
    if (String(record.key) === 'mark' || outcome === 'sent') return acknowledged
    throw new Problem('publish-timeout', 'Nobody knows.', { outcome })
  }
  const operations = new Operations({ broker, publish }, { topic: topics.log, entries: 1_000, bytes: 1_000_000 })
  t.after(() => operations[Symbol.asyncDispose]())
  await operations.open(3)
  const process = { name: 'trip', plan: { steps: [] }, template: '/trips' }
  const claims = new Claims(operations, { ...terms, process })
  const call = aCall()
  await rejects(claims.claim(call, holding('k')), { code: 'publish-timeout', outcome: 'in-doubt' })
  equal(call.progress.outcome, 'in-doubt')
  outcome = 'sent'
  const again = aCall()
  equal((await claims.claim(again, holding('k'))).kind, 'held')
  const won = aCall()
  equal((await claims.claim(won, holding('other'))).kind, 'won')
  equal(won.progress.outcome, 'sent') // whoever refuses it from here on must not free its key
})

test('how an operation ended is told as its client is told', () => {
  equal((endingOf(null) as { code: string }).code, 'broker-unavailable')
})

/** A key as a register: nobody's, held, or answered. */
type Register = { holder: string | null; answer: string | null }
type Model = Record<string, Register>
type Real = Readonly<{
  instances: readonly Readonly<{ claims: Claims; operations: Operations }>[]
  won: Map<string, string>
}>

const body = (reply: unknown): string => String(Buffer.from((reply as Reply).body))

class Claim implements fc.AsyncCommand<Model, Real> {
  readonly #key: string
  readonly #at: number
  constructor(key: string, at: number) {
    this.#key = key
    this.#at = at
  }
  check = (): boolean => true
  async run(model: Model, { instances, won }: Real): Promise<void> {
    const register = model[this.#key]!
    const { claims } = instances[this.#at]!
    const claimed: Claimed = await claims.claim(aCall(), holding(this.#key))
    if (register.holder === null) {
      ok(claimed.kind === 'won', 'a free key is had')
      register.holder = claimed.id
      won.set(this.#key, claimed.id)
    } else {
      ok(claimed.kind === 'held', 'a key that is held is not had')
      const ending = claimed.holder.ending()
      equal(ending === null ? null : body(ending), register.answer)
    }
  }
  toString = (): string => `claim ${this.#key} at ${this.#at}`
}

class End implements fc.AsyncCommand<Model, Real> {
  readonly #key: string
  readonly #at: number
  readonly #how: 'complete' | 'release' | 'expire'
  constructor(key: string, at: number, how: 'complete' | 'release' | 'expire') {
    this.#key = key
    this.#at = at
    this.#how = how
  }
  check = (model: Readonly<Model>): boolean => model[this.#key]!.holder !== null && model[this.#key]!.answer === null
  async run(model: Model, { instances, won }: Real): Promise<void> {
    const register = model[this.#key]!
    const id = won.get(this.#key)!
    const { claims, operations } = instances[this.#at]!
    await operations.until(id, known => known !== null, 2_000)
    if (this.#how === 'complete') {
      register.answer = id.slice(1, 6)
      const reply = { ...anAnswer, body: Buffer.from(register.answer) }
      await operations.happen(id, { kind: 'completed', reply, at: Date.now(), lateMs: 0 })
    } else {
      register.holder = null
      if (this.#how === 'release') await claims.release(id)
      else await operations.happen(id, { kind: 'expired', at: Date.now() })
    }
    const gone = register.holder === null
    for (const one of instances)
      await one.operations.until(id, known => (gone && known === null) || known?.ending != null, 2_000)
  }
  toString = (): string => `${this.#how} ${this.#key} at ${this.#at}`
}

test('whatever is asked of whichever instance, a key is a register that all see alike', async t => {
  const keys = ['k', 'l']
  const key = fc.constantFrom(...keys)
  const at = fc.nat(1)
  const how = fc.constantFrom('complete' as const, 'release' as const, 'expire' as const)
  const commands = [
    fc.tuple(key, at).map(([key, at]) => new Claim(key, at)),
    fc.tuple(key, at, how).map(([key, at, how]) => new End(key, at, how)),
  ]
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 30 }), async all => {
      const broker = await logBroker(t)
      const instances = [await anInstance(t, broker), await anInstance(t, broker)].map(({ operations }) => ({
        operations,
        claims: new Claims(operations, terms),
      }))
      const model = (): Model => Object.fromEntries(keys.map(name => [name, { holder: null, answer: null }]))
      await fc.asyncModelRun(() => ({ model: model(), real: { instances, won: new Map<string, string>() } }), all)
      for (const { operations } of instances) await operations[Symbol.asyncDispose]()
    }),
    { numRuns: 40 },
  )
})
