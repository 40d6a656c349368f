import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Config } from '../../../config/schema/index.ts'
import type { RouteOptions } from '../../../config/schema/index.ts'
import { stepsOf } from '../../../src/resilience/fallback/steps.ts'
import type { UpstreamStep } from '../../../src/resilience/fallback/steps.ts'
import { anAnswer } from '../../help/call.ts'

const route = (fallback: unknown, over: object = { query: { to: 'a' } }): RouteOptions =>
  Config.parse({ workers: { a: { topic: 'a' } }, routes: { r: { match: 'GET /', fallback, ...over } } }).routes['r']!
const service = async () => anAnswer

test('steps stand in the order of the configuration, and without a fallback there is none', () => {
  const steps = stepsOf(route([{ stale: {} }, { upstream: { url: 'http://a' } }, { fixed: {} }]), () => service)
  deepEqual(
    steps.map(({ kind }) => kind),
    ['stale', 'upstream', 'fixed'],
  )
  deepEqual(
    stepsOf(route(undefined), () => service),
    [],
  )
})

test('a fixed answer has its type, its own headers whatever the route lets pass, and its body', () => {
  const headers = { 'content-type': 'text/plain', 'x-fixed': '1' }
  const [step] = stepsOf(route([{ fixed: { status: 203, headers, body: 'ä' } }]), () => service)
  deepEqual(step, {
    kind: 'fixed',
    reply: { status: 203, headers: [['content-type', 'text/plain']], own: [['x-fixed', '1']], body: Buffer.from('ä') },
  })
  const file = join(mkdtempSync(join(tmpdir(), 'sluice-fixed-')), 'body')
  writeFileSync(file, 'from a file\n')
  const [second] = stepsOf(route([{ fixed: { bodyFile: file } }]), () => service)
  equal(second?.kind === 'fixed' && String(second.reply.body), 'from a file\n')
})

test('an upstream is repeatable as its route is: a query by default, a command only where it says so', () => {
  const asked: UpstreamStep[] = []
  const repeatable = (over: object): boolean | undefined => {
    const [step] = stepsOf(route([{ upstream: { url: 'http://a', timeoutMs: 70 } }], over), options => {
      asked.push(options)
      return service
    })
    return step?.kind === 'upstream' ? step.repeatable : undefined
  }
  equal(repeatable({ query: { to: 'a' } }), true)
  equal(repeatable({ command: { to: 'a' } }), false)
  equal(repeatable({ command: { to: 'a' }, repeatable: true }), true)
  deepEqual(asked[0], { url: 'http://a', timeoutMs: 70, connections: 32 })
})
