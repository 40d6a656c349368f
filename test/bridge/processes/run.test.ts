import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { begun, dueOf, happened, sendingOf } from '../../../src/bridge/processes/run.ts'
import type { Run } from '../../../src/bridge/processes/run.ts'
import type { StepEvent } from '../../../src/bridge/operations/event.ts'
import { planOf, tripOf } from '../../help/processes.ts'

const told = { method: 'POST', path: '/', query: '', params: [], headers: [], contentType: null, trace: [] }
const started = { name: 'trip', plan: planOf(tripOf()), template: '/trips', told, body: '' }
const first = begun(started, 'a', 0)
type Said = Partial<StepEvent> & Pick<StepEvent, 'what'>
const after = (run: Run, ...events: readonly Said[]): Run =>
  events.reduce(
    (now, event) => happened(now, { kind: 'step', n: now.n + 1, by: 'b', at: 1_000, ...event }, now.offset + 1),
    run,
  )
const sent: Said = { what: 'sent' }
const answered = (status: number): Said => ({ what: 'answered', status })
const states = ({ steps }: Run): string[] => steps.map(({ state }) => state)

test('a process begins with its first step, and goes on with each that is done', () => {
  deepEqual([first.phase, first.at, states(first), dueOf(first)], ['forward', 0, ['running', 'waiting', 'waiting'], 0])
  const second = after(first, sent, answered(201))
  deepEqual([second.at, second.by, states(second)], [1, 'b', ['done', 'running', 'waiting']])
  equal(after(second, sent, answered(200), answered(204)).phase, 'done')
})

test('of rival events the first counts, and one that comes too early or too late changes nothing', () => {
  const now = after(first, sent)
  const rival: StepEvent = { kind: 'step', n: 1, by: 'c', at: 2_000, what: 'silent' }
  equal(happened(now, rival, 9), now)
  equal(happened(now, { ...rival, n: 3 }, 9), now)
})

test('silence is counted from the sending, and sends again after a wait that doubles', () => {
  const waiting = after(first, sent)
  equal(dueOf(waiting), 1_060)
  const again = after(waiting, { what: 'silent' })
  deepEqual([again.attempt, again.sentAt, dueOf(again)], [2, null, 1_001])
  const late = after(again, sent, { what: 'silent' })
  deepEqual([late.phase, states(late)[0]], ['undo', 'undoing'])
  equal(sendingOf(late)?.attempts, 3)
})

test('what is refused is not undone itself, what has failed for good is', () => {
  const second = after(first, sent, answered(200))
  const refused = after(second, sent, answered(422))
  deepEqual([refused.phase, refused.at, states(refused)], ['undo', 0, ['undoing', 'refused', 'waiting']])
  const failed = after(second, sent, answered(503), sent, answered(500))
  deepEqual([failed.phase, failed.at, states(failed)], ['undo', 1, ['done', 'undoing', 'waiting']])
  equal(after(failed, sent, answered(200), sent, answered(200)).phase, 'undone')
  equal(after(first, sent, answered(400)).phase, 'undone')
})

test('a status may count as done', () => {
  const { plan } = started
  const steps = plan.steps.map(step => ({ ...step, doneOn: [404] }))
  equal(after(begun({ ...started, plan: { steps } }, 'a', 0), sent, answered(404)).at, 1)
})

test('an undoing that is refused parks the process, until it is resumed', () => {
  const parked = after(first, sent, answered(200), sent, answered(409), sent, answered(422))
  deepEqual([parked.phase, states(parked), dueOf(parked)], ['parked', ['not-undone', 'refused', 'waiting'], null])
  equal(after(parked, { what: 'silent' }).phase, 'parked')
  const resumed = after(parked, { what: 'resumed' })
  deepEqual([resumed.phase, resumed.at, resumed.attempt, resumed.round], ['undo', 0, 1, 1])
  equal(after(resumed, sent, answered(200)).phase, 'undone')
})

test('steps without anything that undoes them are passed over', () => {
  const steps = started.plan.steps.map((step, at) => (at === 0 ? step : { ...step, undo: undefined }))
  const run = begun({ ...started, plan: { steps } }, 'a', 0)
  const back = after(run, sent, answered(200), sent, answered(200), sent, answered(409))
  deepEqual([back.at, states(back)], [0, ['undoing', 'done', 'refused']])
})

const anEvent = fc.record({
  what: fc.constantFrom('sent', 'answered', 'silent', 'resumed' as const),
  status: fc.constantFrom(200, 404, 500),
  n: fc.integer({ min: -1, max: 1 }),
})

test('whatever happens, no process is both done and undone, and every step of one that is undone is as it was before', () => {
  fc.assert(
    fc.property(fc.array(anEvent, { maxLength: 60 }), all => {
      let run = first
      for (const { n, ...event } of all)
        run = happened(run, { kind: 'step', by: 'b', at: 1, ...event, n: run.n + 1 + n }, run.offset + 1)
      const seen = states(run)
      if (run.phase === 'done')
        equal(
          seen.every(state => state === 'done'),
          true,
        )
      if (run.phase === 'undone')
        equal(
          seen.some(state => ['done', 'failed', 'late', 'undoing'].includes(state)),
          false,
        )
    }),
  )
})
