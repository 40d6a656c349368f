import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { holds } from '../../../src/bridge/processes/when.ts'
import type { Step } from '../../../src/bridge/processes/run.ts'
import { Config } from '../../../config/schema/index.ts'

const plan = (when?: object) =>
  Config.parse({
    routes: {},
    processes: {
      p: {
        steps: [
          { name: 'a', to: 'w' },
          { name: 'b', to: 'w' },
          { name: 'c', to: 'w', ...(when && { when }) },
        ],
      },
    },
  }).processes['p']!
const done = (reply: string | null, status = 200): Step => ({ state: 'done', status, reply })
const skipped: Step = { state: 'skipped', status: null, reply: null }
const waiting: Step = { state: 'waiting', status: null, reply: null }

test('a step without a condition is done, one with it when all of it holds', () => {
  const steps = [done('{"cars":2,"rail":true}', 201), done('{"ok":1}'), waiting]
  const whens: readonly (object | undefined)[] = [
    undefined,
    { status: [200] },
    { status: [201] },
    { step: 'a', status: [201] },
    { step: 'a', of: '/cars', equals: 2 },
    { step: 'a', of: '/cars', equals: '3' },
    { step: 'a', of: '/rail', equals: true },
    { step: 'a', of: '/ship' },
    { of: '/ok' },
  ]
  deepEqual(
    whens.map(when => holds(plan(when), steps, 2)),
    [true, true, false, true, true, false, true, false, true],
  )
})

test('nothing holds of a step that was skipped, or whose reply is no JSON', () => {
  deepEqual(holds(plan({ step: 'b' }), [done(null), skipped, waiting], 2), false)
  deepEqual(holds(plan({ of: '/a' }), [done(null), done('torn{'), waiting], 2), false)
})
