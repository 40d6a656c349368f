import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { accountOf, endOf } from '../../../src/bridge/processes/account.ts'
import { begun } from '../../../src/bridge/processes/run.ts'
import { planOf, tripOf } from '../../help/processes.ts'

const told = { method: 'POST', path: '/', query: '', params: [], headers: [], contentType: null, trace: [] }
const first = begun({ name: 'trip', plan: planOf(tripOf()), template: '/trips', told, body: '' }, 'a', 0)
const doneWith = (reply: string) => ({
  ...first,
  phase: 'done' as const,
  steps: first.steps.map(() => ({ state: 'done' as const, status: 200, reply })),
})
const bodyOf = (end: ReturnType<typeof endOf>) =>
  JSON.parse(end.kind === 'completed' ? Buffer.from(end.reply.body).toString() : '{}') as { steps: object[] }

test('a process that is done ends with the replies of its steps, unless they are too many bytes', () => {
  deepEqual(bodyOf(endOf(doneWith('{"a":1}'), 0)).steps[0], {
    name: 'flight',
    state: 'done',
    status: 200,
    reply: { a: 1 },
  })
  deepEqual(bodyOf(endOf(doneWith('x'.repeat(262_144)), 0)).steps[0], { name: 'flight', state: 'done', status: 200 })
})

test('one that is undone has been refused, or has failed', () => {
  const undone = { ...first, phase: 'undone' as const, cause: 'car answered 409' }
  const refused = { ...undone, steps: [{ state: 'refused' as const, status: 409, reply: null }] }
  const codes = [endOf(undone, 0), endOf(refused, 0)].map(end => (end.kind === 'failed' ? end.code : end.kind))
  deepEqual(codes, ['process-failed', 'process-refused'])
  equal(accountOf(refused).steps[0]?.status, 409)
})
