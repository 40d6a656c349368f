import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Budget } from '../../../src/resilience/repetition/budget.ts'

const withdrawn = (budget: Budget, tries: number): number => {
  let count = 0
  for (let i = 0; i < tries; i++) if (budget.withdraw()) count++
  return count
}

test('has its floor at once, then a share of the calls', () => {
  const budget = new Budget({ percent: 10, floor: 3 })
  equal(withdrawn(budget, 100), 3)
  for (let i = 0; i < 9; i++) budget.deposit()
  equal(withdrawn(budget, 100), 0)
  budget.deposit()
  equal(withdrawn(budget, 100), 1)
})

test('a long calm saves up no more than a thousand calls pay for', () => {
  const budget = new Budget({ percent: 10, floor: 3 })
  for (let i = 0; i < 1_000_000; i++) budget.deposit()
  equal(withdrawn(budget, 1_000), 100)
})

test('with nothing to give it gives nothing', () => {
  const budget = new Budget({ percent: 0, floor: 0 })
  for (let i = 0; i < 1_000; i++) budget.deposit()
  equal(withdrawn(budget, 10), 0)
})

test('in any course of calls the repetitions stay within the share and the floor', () => {
  const shape = fc.record({ percent: fc.integer({ min: 0, max: 100 }), floor: fc.nat(10) })
  fc.assert(
    fc.property(shape, fc.array(fc.boolean(), { maxLength: 500 }), ({ percent, floor }, steps) => {
      const budget = new Budget({ percent, floor })
      let calls = 0
      let repetitions = 0
      for (const isCall of steps) {
        if (isCall) {
          budget.deposit()
          calls++
        } else if (budget.withdraw()) repetitions++
        ok(repetitions <= floor + (calls * percent) / 100 + 1e-6)
      }
    }),
  )
})

type Model = { tokens: number; readonly percent: number; readonly most: number }
type Step = fc.Command<Model, Budget>

/** In thousandths of a token, so that the model adds without error. */
class Deposit implements Step {
  check = (): boolean => true
  run(model: Model, budget: Budget): void {
    model.tokens = Math.min(model.most, model.tokens + model.percent * 10)
    budget.deposit()
  }
  toString = (): string => 'deposit'
}
class Withdraw implements Step {
  check = (): boolean => true
  run(model: Model, budget: Budget): void {
    const has = model.tokens >= 1_000
    if (has) model.tokens -= 1_000
    equal(budget.withdraw(), has)
  }
  toString = (): string => 'withdraw'
}

test('gives what a ledger in whole thousandths would give, whatever the course', () => {
  const shape = fc.record({ percent: fc.integer({ min: 0, max: 100 }), floor: fc.nat(10) })
  const steps = fc.commands([fc.constant(new Deposit()), fc.constant(new Withdraw())], {
    maxCommands: 400,
    size: 'max',
  })
  fc.assert(
    fc.property(shape, steps, ({ percent, floor }, course) => {
      const most = Math.max(floor * 1_000, percent * 10 * 1_000)
      const setup = () => ({ model: { tokens: floor * 1_000, percent, most }, real: new Budget({ percent, floor }) })
      fc.modelRun(setup, course)
    }),
    { numRuns: 300 },
  )
})
