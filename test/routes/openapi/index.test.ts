import { suite, test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { validate } from '@readme/openapi-parser'
import { Validator } from '@seriousme/openapi-schema-validator'
import { load, shipped } from '../../../config/load.ts'
import { Config } from '../../../config/schema/index.ts'
import { openapi } from '../../../src/routes/openapi/index.ts'
import { everything } from '../../help/everything.ts'

type Answer = Readonly<{ description: string; headers?: object; content?: object; links?: object }>
type Operation = Readonly<{
  operationId: string
  parameters: readonly Readonly<{ name: string; in: string; required?: boolean }>[]
  requestBody?: Readonly<{ required: boolean; content: object }>
  responses: Readonly<Record<string, Answer>>
}>
type Document = Readonly<{ info: object; paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }>

const documentOf = (config: Config): Document => openapi(config) as Document
const { config: asShipped } = load(shipped, { env: {} })
const configs = { 'a route of every kind': everything, 'as shipped': asShipped ?? everything } as const

for (const [what, config] of Object.entries(configs))
  suite(`The OpenAPI document, ${what}`, () => {
    test('is valid for one validator', async () => {
      const { valid, errors } = await new Validator().validate(
        structuredClone(openapi(config)) as Record<string, unknown>,
      )
      deepEqual(errors ?? [], [])
      ok(valid)
    })
    test('is valid for another', async () => {
      const result = await validate(structuredClone(openapi(config)) as never)
      deepEqual(result.valid ? [] : result.errors, [])
    })
  })

const { paths, info } = documentOf(everything)
const post = (path: string): Operation => paths[path]?.['post'] as Operation

test('names, and where parameters stand', () => {
  deepEqual(info, { title: 'Shop', version: '2.1.0' })
  const stock = paths['/stock/{shop}/{item}']?.['get']
  equal(stock?.operationId, 'stock')
  deepEqual(
    stock?.parameters.filter(({ in: place }) => place === 'path').map(({ name, required }) => [name, required]),
    [
      ['shop', true],
      ['item', true],
    ],
  )
  const named = post('/orders').parameters.find(({ name }) => name === 'Idempotency-Key')
  equal(named?.required, true)
  equal(post('/orders').requestBody?.required, true)
  deepEqual(Object.keys(post('/orders').requestBody?.content ?? {}), ['application/json'])
  ok(paths['/prices/{item}']?.['get']?.parameters.some(({ name }) => name === 'x-patience-ms'))
})

test('a status is there where something may answer it, and only there', () => {
  const statuses = (operation: Operation | undefined): string[] => Object.keys(operation?.responses ?? {})
  for (const status of ['409', '422', '429', '202', '415', '413', '503', '504', '502', '500', 'default'])
    ok(statuses(post('/orders')).includes(status), status)
  const plain = documentOf(
    Config.parse({
      workers: { orders: { topic: 'orders.commands' } },
      routes: { read: { match: 'GET /orders/:id', query: { to: 'orders' } } },
    }),
  )
  const read = statuses(plain.paths['/orders/{id}']?.['get'])
  for (const status of ['409', '422', '429', '202', '415']) ok(!read.includes(status), status)
  equal(Object.keys(plain.paths).length, 1, 'no route may become an operation')
})

test('a command that may become an operation links to it', () => {
  deepEqual(Object.keys(post('/orders').responses['202']?.links ?? {}), ['show', 'cancel', 'follow'])
  deepEqual(
    Object.keys(paths).filter(path => path.startsWith('/operations')),
    ['/operations', '/operations/{id}', '/operations/{id}/events'],
  )
})

test('a problem names its codes, and a 503 of the spool is there for the route that has one', () => {
  ok(post('/signals').responses['503']?.description.includes('`spool-full`'))
  ok(!post('/orders').responses['503']?.description.includes('`spool-full`'))
  ok(post('/orders').responses['503']?.description.includes('`no-worker`'), 'its group is watched')
})

test('a query that waits for positions names the header', () => {
  const names = paths['/orders/{orderId}']?.['get']?.parameters.map(({ name }) => name) ?? []
  ok(names.includes('Sluice-Position'))
})

test('a route that takes batches names their types, and 207', () => {
  deepEqual(Object.keys(post('/events').requestBody?.content ?? {}), [
    'application/cloudevents+json',
    'application/x-ndjson',
    'application/cloudevents-batch+json',
    'application/json',
    '*/*',
  ])
  ok(post('/events').responses['207'] !== undefined && post('/signals').responses['207'] === undefined)
})

test('a view is told as what it is: its value or its pages, and nothing that is published', () => {
  const one = paths['/states/{lamp}']?.['get']
  const all = paths['/states']?.['get']
  deepEqual(
    ['200', '304', '404', '504'].map(status => one?.responses[status] !== undefined),
    [true, true, true, true],
  )
  ok(one?.responses['404']?.description.includes('`no-value`'))
  ok(!Object.values(one?.responses ?? {}).some(({ description }) => description.includes('`publish-timeout`')))
  deepEqual(
    all?.parameters.filter(({ in: place }) => place === 'query').map(({ name }) => name),
    ['limit', 'cursor', 'prefix', 'room'],
  )
  equal(all?.responses['404'], undefined)
})

test('what domain events answer has a status for each of them', () => {
  const { responses } = post('/payments')
  equal(responses['201']?.description, 'What payment.taken tells.')
  equal(responses['402']?.description, 'What payment.refused tells.')
  equal(responses['default'], undefined)
})

test('a process may be refused, fail, or go on as an operation', () => {
  const { responses } = post('/trips')
  for (const status of ['202', '409', '502', 'default']) ok(responses[status] !== undefined, status)
})

test('what is gathered comes as one document, and may come too short', () => {
  const responses = paths['/quotes/{item}']?.['get']?.responses
  deepEqual(Object.keys(responses?.['200']?.content ?? {}), ['application/json'])
  ok(Object.hasOwn(responses?.['200']?.headers ?? {}, 'Sluice-Partial'))
  ok(responses?.['504']?.description.includes('too-few-replies'))
})
