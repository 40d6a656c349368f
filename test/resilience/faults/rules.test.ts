import { test } from 'node:test'
import { deepEqual, throws } from 'node:assert/strict'
import { faultKinds, faults } from '../../../src/fault.ts'
import { readRules } from '../../../src/resilience/faults/rules.ts'

const limits = { maxPercent: 50, maxForMs: 10_000, routes: new Set(['read']), workers: new Set(['orders']) }
const said = (value: unknown, message: string): void =>
  throws(() => readRules(value, limits), { code: 'invalid-request', message })
const delay = { kind: 'delay', percent: 10, delayMs: 200, forMs: 5_000 } as const

test('rules are what the configuration would take, with its default of a minute', () => {
  deepEqual(
    readRules(
      { 'slow-1': { ...delay, route: 'read' }, lost: { kind: 'lost-reply', percent: 0.5 } },
      { ...limits, maxForMs: 60_000 },
    ),
    {
      'slow-1': { ...delay, route: 'read' },
      lost: { kind: 'lost-reply', percent: 0.5, forMs: 60_000 },
    },
  )
  deepEqual(readRules({}, limits), {})
})

test('what is no rule is refused with its place, what was found and what is allowed', () => {
  said(null, 'rules: found null, expected a mapping of names to rules.')
  said(
    [delay],
    'rules: found [{"kind":"delay","percent":10,"delayMs":200,"forMs":5000}], expected a mapping of names to rules.',
  )
  said({ a: 'x' }, 'a: found "x", expected a mapping.')
  said({ A: delay }, 'the name of a rule: found "A", expected lower-case letters, digits and hyphens.')
  said(
    { a: { ...delay, delay: 1 } },
    'a.delay: found 1, expected none but route, worker, kind, percent, delayMs, status, bytesPerSecond, forMs.',
  )
  said({ a: { ...delay, kind: 'toString' } }, `a.kind: found "toString", expected one of ${faultKinds.join(', ')}.`)
  said({ a: { ...delay, route: 'write' } }, 'a.route: found "write", expected one of read.')
  said({ a: { ...delay, worker: 1 } }, 'a.worker: found 1, expected one of orders.')
})

test('no rule goes beyond the caps, or lacks what its kind needs', () => {
  said({ a: { ...delay, percent: 51 } }, 'a.percent: found 51, expected a number from 0 to 50.')
  said({ a: { ...delay, percent: '10' } }, 'a.percent: found "10", expected a number from 0 to 50.')
  said({ a: { ...delay, percent: NaN } }, 'a.percent: found null, expected a number from 0 to 50.')
  said({ a: { ...delay, forMs: 10_001 } }, 'a.forMs: found 10001, expected a whole number from 1 to 10000.')
  said(
    { a: { kind: 'abort', percent: 1, status: 200, forMs: 1 } },
    'a.status: found 200, expected a whole number from 400 to 599.',
  )
  for (const kind of faultKinds) {
    const { needs, least, most } = faults[kind]
    if (needs === null) readRules({ a: { kind, percent: 1, forMs: 1 } }, limits)
    else
      said(
        { a: { kind, percent: 1, forMs: 1 } },
        `a.${needs}: found nothing, expected a whole number from ${least} to ${most}.`,
      )
  }
})

test('a hundred rules are enough', () => {
  const rules = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`r-${i}`, delay]))
  said(rules, 'rules: found 101, expected at most 100.')
})
