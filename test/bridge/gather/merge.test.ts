import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { merged } from '../../../src/bridge/gather/merge.ts'
import { Problem } from '../../../src/problem.ts'

test('parts stand in one document by their names, with statuses, bodies and codes', () => {
  const parts = [
    { name: 'a"b', said: { status: 201, headers: [], body: Buffer.from('[1, 2]') } },
    { name: 'c', said: new Problem('bulkhead-full', 'full') },
    { name: 'd', said: null },
  ]
  const { headers, own, body } = merged(parts, 'object', '1/3')
  deepEqual(JSON.parse(Buffer.from(body).toString()), {
    'a"b': { status: 201, body: [1, 2] },
    c: { status: 503, code: 'bulkhead-full' },
    d: { status: 504, code: 'reply-timeout' },
  })
  deepEqual([headers, own], [[['content-type', 'application/json']], [['Sluice-Partial', '1/3']]])
})
