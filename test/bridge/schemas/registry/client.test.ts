import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { apicurio } from '../../../../src/bridge/schemas/registry/apicurio.ts'
import { asking } from '../../../../src/bridge/schemas/registry/client.ts'
import { confluent } from '../../../../src/bridge/schemas/registry/confluent.ts'
import { fakeRegistry } from '../../../help/registry.ts'
import type { Scope } from '../../../help/scope.ts'

const opened = async (t: Scope, answers: object) => {
  const fake = await fakeRegistry(t, { ...answers })
  return { ...fake, ask: asking({ url: `${fake.url}/`, authorization: 'Bearer t', timeoutMs: 300 }) }
}

test('Apicurio is asked by its own API, with what a schema refers to', async t => {
  const version = (contentId: number) => ({ artifactType: 'AVRO', globalId: contentId + 10, contentId })
  const { ask, authorizations } = await opened(t, {
    '/groups/shop/artifacts/orders-value/versions/branch%3Dlatest': version(1),
    '/groups/acme/artifacts/Order/versions/2': version(1),
    '/groups/default/artifacts/Money/versions/1': version(2),
    '/search/versions?globalId=11&limit=1': { count: 1, versions: [version(1)] },
    '/search/versions?contentId=9&limit=1': { count: 0, versions: [] },
    '/ids/contentIds/1': '"acme.Money"',
    '/ids/contentIds/2': 'the text',
    '/ids/contentIds/1/references': [{ groupId: null, artifactId: 'Money', version: '1', name: 'acme.Money' }],
    '/ids/contentIds/2/references': [],
  })
  const client = apicurio(ask, 'shop', new Set(['acme.Order']))
  const found = await client.subject('orders-value', undefined)
  deepEqual([found.format, found.text, [...found.references]], ['avro', '"acme.Money"', [['acme.Money', 'the text']]])
  deepEqual(found.ids, [
    { kind: 'content', value: '1' },
    { kind: 'global', value: '11' },
  ])
  equal((await client.subject('acme.Order', '2')).text, '"acme.Money"')
  equal((await client.byId({ kind: 'global', value: '11' })).text, '"acme.Money"')
  await rejects(client.byId({ kind: 'content', value: '9' }), {
    name: 'Unusable',
    message: 'The registry has no content id 9.',
  })
  equal(authorizations[0], 'Bearer t')
})

test('a registry with the API of Confluent is asked by that', async t => {
  const { ask } = await opened(t, {
    '/subjects/orders-value/versions/latest': {
      subject: 'orders-value',
      version: 3,
      id: 7,
      guid: 'g',
      schema: 's',
      schemaType: 'JSON',
      references: [{ name: 'm.json', subject: 'money', version: 1 }],
    },
    '/subjects/money/versions/1': { schema: 'm' },
    '/schemas/ids/7': { schema: 's' },
    '/schemas/guids/g': { schema: 's', schemaType: 'PROTOBUF', references: null },
    '/schemas/ids/8': { schema: 's', schemaType: 'XSD' },
  })
  const client = confluent(ask)
  const found = await client.subject('orders-value', undefined)
  deepEqual([found.format, found.text, [...found.references]], ['json', 's', [['m.json', 'm']]])
  deepEqual(found.ids, [
    { kind: 'schema', value: '7' },
    { kind: 'guid', value: 'g' },
  ])
  equal((await client.byId({ kind: 'schema', value: '7' })).format, 'avro')
  equal((await client.byId({ kind: 'guid', value: 'g' })).format, 'protobuf')
  await rejects(client.byId({ kind: 'schema', value: '8' }), {
    name: 'Unusable',
    message: 'The schema is of the type XSD.',
  })
})

test('a registry that is silent, broken or has nothing is told apart', async t => {
  const { ask, becomes } = await opened(t, {})
  await rejects(ask('/x%20y'), { name: 'Unusable', message: 'The registry has no /x y.' })
  becomes('broken')
  await rejects(ask('/x'), { message: 'it answered with 503' })
  becomes('silent')
  await rejects(ask('/x'), { name: 'AbortError' })
})
