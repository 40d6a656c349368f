import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { configPage, problemsPage, schemaFile } from '../../config/generate.ts'
import { problems } from '../../src/problem.ts'

type Node = Readonly<Record<string, unknown>> & { readonly properties?: Readonly<Record<string, Node>> }
const schema = JSON.parse(schemaFile()) as Node
const at = (...path: readonly string[]): Node =>
  path.reduce<Node>((node, key) => node.properties?.[key] ?? (node['additionalProperties'] as Node), schema)

test('the schema for editors is JSON Schema, draft-07, and refuses unknown options', () => {
  equal(schema['$schema'], 'http://json-schema.org/draft-07/schema#')
  equal(schema['additionalProperties'], false)
  equal(at('server', 'limits')['additionalProperties'], false)
})

test('it has the sentence, the default, the unit and the range of an option', () => {
  const { description, default: preset, unit, minimum, maximum } = at('routes', 'any', 'timeoutMs')
  deepEqual(
    { description, preset, unit, minimum, maximum },
    {
      description: 'Longest that a client waits for the answer.',
      preset: 5_000,
      unit: 'ms',
      minimum: 10,
      maximum: 3_600_000,
    },
  )
})

test('what has a default is not required', () => {
  deepEqual(schema['required'], ['routes'])
  deepEqual(at('routes', 'any')['required'], ['match'])
  deepEqual(at('workers', 'any')['required'], ['topic'])
  deepEqual(at('routes', 'any')['oneOf'], [
    ...['command', 'query', 'event', 'stream', 'view', 'process'].map(kind => ({ required: [kind] })),
    { required: ['upstream'], not: { anyOf: ['command', 'query'].map(kind => ({ required: [kind] })) } },
  ])
})

test('a variable may stand wherever a value may', () => {
  const takes = (node: Node, text: string): boolean => new RegExp(String(node['pattern'])).test(text)
  ok(takes(at('server', 'port'), '${PORT:80}'))
  equal(takes(at('server', 'port'), '80a'), false)
  ok(takes(at('instance', 'id'), '${HOSTNAME:sluice}'))
  equal(takes(at('instance', 'id'), 'a b'), false)
  const [choices, variable] = at('log', 'level')['anyOf'] as readonly Node[]
  ok((choices!['enum'] as readonly string[]).includes('info'))
  ok(takes(variable!, '${LEVEL}'))
  equal(at('server', 'host')['pattern'], undefined)
})

test('our own words stay out of it', () => {
  for (const word of ['"allowed"', '"secret"', '"file":{']) equal(schemaFile().includes(word), false, word)
  equal(
    at('routes', 'any', 'match')['patternErrorMessage'],
    'Expected a method and a path, such as `POST /orders/:orderId`.',
  )
  ok(at('log', 'file')['type'] === 'string', 'an option may have the name of one of them')
})

test('the page of the configuration has a row for every option, with what it may be', () => {
  const page = configPage()
  const rowOf = (option: string): string => page.split('\n').find(line => line.startsWith(`| \`${option}\` |`)) ?? ''
  equal(
    rowOf('routes.<name>.timeoutMs'),
    '| `routes.<name>.timeoutMs` | a whole number from 10 to 3600000 | milliseconds | `5000` | Longest that a client waits for the answer. |',
  )
  match(rowOf('routes.<name>.match'), /\| required \|/)
  match(rowOf('broker.tls.caFile'), /the path of a readable file/)
  match(rowOf('routes.<name>.query.key'), /path\.&lt;parameter>.*`path\.<parameter>`/)
  match(rowOf('broker.publish'), /\*\*How records are written\.\*\*/)
  match(rowOf('workers.<name>.breaker.failOn'), /a list, each a whole number from 200 to 599/)
  for (const line of page.split('\n').filter(line => line.startsWith('|')))
    equal(line.split(/(?<!\\)\|/).length, 7, line)
})

test('the page of the problems has a heading for every code, and whose failure it is', () => {
  const page = problemsPage(problems)
  for (const code of Object.keys(problems)) ok(page.includes(`\n## ${code}\n`), code)
  const part = page.slice(page.indexOf('## reply-timeout'), page.indexOf('## bad-reply'))
  match(part, /Status: 504/)
  match(part, /Outcome: `sent`/)
  match(part, /Type: `urn:sluice:problem:reply-timeout`/)
  match(part, /Counts against: the circuit of the worker/)
  match(page, /Type: `https:\/\/iana\.org\/assignments\/http-problem-types#quota-exceeded`/)
})
