import { parse } from 'yaml'

/** A first configuration, as text with comments, and what of the document could not become a route. */
export type First = Readonly<{ text: string; routes: number; skipped: readonly string[] }>

type Json = Readonly<Record<string, unknown>>
const notOurs = 'each parameter must be a segment and have a name of its own'
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const
type Method = (typeof methods)[number]

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const under = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => (isJson(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined), value)
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isJson) : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const slug = (text: string): string =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 56)
    .replace(/-+$/, '')

/**
 * Writes a configuration from an OpenAPI document (3.x, or 2.0 as far as it is alike), JSON or YAML: a command for what changes
 * something, a query for what reads. Comments say what is left to decide. Throws an Error of one sentence for what is no such document.
 */
export function firstConfiguration(source: string): First {
  const document = documentOf(source)
  const names = new Set<string>()
  const workers = new Set<string>()
  const patterns = new Set<string>()
  const skipped: string[] = []
  const routes: string[] = []
  for (const [path, item] of Object.entries(under(document, 'paths') as Json)) {
    const shared = listOf(under(item, 'parameters'))
    for (const method of methods) {
      const operation = under(item, method)
      if (!isJson(operation)) continue
      const place = `${method.toUpperCase()} ${path}`
      const match = matchOf(basePath(document) + path)
      const pattern = `${method} ${match?.replaceAll(/:\w+/g, ':')}`
      if (match === null || patterns.has(pattern)) {
        skipped.push(`${place}: ${match === null ? notOurs : 'another one differs only in the names of parameters'}`)
        continue
      }
      patterns.add(pattern)
      const parameters = [...shared, ...listOf(operation['parameters'])].map(each => resolved(document, each))
      const name = unique(slug(textOf(operation['operationId'])) || slug(`${method}-${path}`) || method, names)
      const worker = workerOf(operation, path)
      workers.add(worker)
      routes.push(routeOf({ document, operation, parameters, method, match, name, worker }))
    }
  }
  if (routes.length === 0) throw new Error('The document has no operation that could become a route.')
  return { text: written(document, workers, routes, skipped), routes: routes.length, skipped }
}

function documentOf(source: string): Json {
  let document: unknown
  try {
    document = parse(source)
  } catch {
    throw new Error('The document is neither JSON nor YAML.')
  }
  if (!isJson(document) || !isJson(under(document, 'paths')))
    throw new Error('The document is no OpenAPI document: it has no paths.')
  return document
}

/** What stands behind a reference inside the document. */
function resolved(document: Json, value: Json): Json {
  const reference = textOf(value['$ref'])
  if (!reference.startsWith('#/')) return value
  const path = reference.slice(2).split('/')
  const found = under(document, ...path.map(name => name.replaceAll('~1', '/').replaceAll('~0', '~')))
  return isJson(found) ? found : value
}

/** The path of the first server, which clients put before each path. */
function basePath(document: Json): string {
  const url = textOf(listOf(document['servers'])[0]?.['url']) || textOf(document['basePath'])
  const path = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/]*)?(\/[\w.~/-]*?)\/?$/i.exec(url)?.[1] ?? ''
  return path === '/' ? '' : path
}

/** The path as `match` has it; null when it cannot be one. */
function matchOf(path: string): string | null {
  const segments = path.split('/').map(segment => {
    const parameter = /^\{([^{}]+)\}$/.exec(segment)?.[1]
    return parameter === undefined ? segment : `:${parameterOf(parameter)}`
  })
  const names = segments.filter(segment => segment.startsWith(':'))
  if (new Set(names).size < names.length) return null
  return segments.every(segment => /^(:[A-Za-z]\w{0,63}|[\w.~$&',;=@%-]*)$/.test(segment)) ? segments.join('/') : null
}

const parameterOf = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9_]+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase())

function unique(wanted: string, taken: Set<string>): string {
  let name = wanted
  for (let at = 2; taken.has(name); at++) name = `${wanted}-${at}`
  taken.add(name)
  return name
}

/** Who answers: by the first tag, else by the first plain segment of the path. */
function workerOf({ tags }: Json, path: string): string {
  const tag = Array.isArray(tags) ? slug(textOf(tags[0])) : ''
  const name =
    tag || slug(path.split('/').find(segment => segment !== '' && !segment.startsWith('{')) ?? '') || 'worker'
  return name === 'cluster' ? 'cluster-worker' : name
}

type Described = Readonly<{
  document: Json
  operation: Json
  parameters: readonly Json[]
  method: Method
  match: string
  name: string
  worker: string
}>

function routeOf({ document, operation, parameters, method, match, name, worker }: Described): string {
  const reads = method === 'get'
  const body = resolved(document, (operation['requestBody'] as Json | undefined) ?? {})
  const content = isJson(body['content']) ? body['content'] : {}
  const [key, why] = keyOf(document, match, content)
  const lines = [
    `  ${name}:${noteOf(textOf(operation['summary']))}`,
    `    match: ${quoted(`${method.toUpperCase()} ${match}`)}`,
  ]
  const to = key === null ? worker : `${worker}, key: ${key}`
  lines.push(`    ${reads ? 'query' : 'command'}: { to: ${to} } # ${why}`)
  if (reads)
    lines.push(
      `    # view: { topic: ${worker}.state${key === null ? '' : `, key: ${key}`} } # in place of query: the latest of a compacted topic`,
    )
  const types = Object.keys(content).filter(type => /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(type))
  if (!reads && types.length > 0 && types.length === Object.keys(content).length)
    lines.push(`    contentTypes: [${types.map(quoted).join(', ')}]`)
  const headers = parameters
    .filter(each => each['in'] === 'header')
    .map(each => ({ ...each, name: textOf(each['name']).toLowerCase() }))
  const told = headers.map(each => each.name).filter(header => /^x-[a-z0-9-]{1,120}$/.test(header))
  if (told.length > 0) lines.push(`    requestHeaders: [${[...new Set(told)].join(', ')}]`)
  const idempotency = headers.find(each => each.name === 'idempotency-key') as Json | undefined
  if (!reads && idempotency !== undefined)
    lines.push(`    idempotency: { key: ${idempotency['required'] === true ? 'required' : 'optional'} }`)
  else if (!reads) lines.push('    # idempotency: {} # runs once for each Idempotency-Key of a client')
  if (under(operation, 'responses', '202') !== undefined)
    lines.push(
      '    async: offer # or always: a 202 with an operation',
      '    # event: … # in place of command, when nobody answers',
    )
  if (listOf(operation['security'] ?? document['security']).some(each => Object.keys(each).length > 0))
    lines.push('    # identity: required # see identity above; scopes: […]')
  return lines.join('\n')
}

/** What orders the records: a parameter of the path, else what looks like an id in the body; and what to think of. */
function keyOf(document: Json, match: string, content: Json): readonly [key: string | null, why: string] {
  const parameter = [...match.matchAll(/:(\w+)/g)].at(-1)?.[1]
  if (parameter !== undefined) return [`path.${parameter}`, 'the key orders: what has one key is done in turn']
  const schema = resolved(document, (under(content, 'application/json', 'schema') as Json | undefined) ?? {})
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : []
  const field = Object.keys(isJson(schema['properties']) ? schema['properties'] : {}).find(
    each => /^[A-Za-z0-9_]{1,64}$/.test(each) && /(^id|Id|_id)$/.test(each) && required.includes(each),
  )
  return field === undefined
    ? [null, 'without a key nothing is in order: key: path.…, header.…, body.…, claim.…']
    : [`body.${field}`, 'the key orders: what has one key is done in turn']
}

/** What looks like a variable of the environment is none. */
const plain = (text: string): string => JSON.stringify(text.replaceAll('${', '$ {'))
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const noteOf = (text: string): string =>
  text.trim() === '' ? '' : ` # ${text.replaceAll(/\s+/g, ' ').trim().slice(0, 100)}`

function written(
  document: Json,
  workers: ReadonlySet<string>,
  routes: readonly string[],
  skipped: readonly string[],
): string {
  const title = textOf(under(document, 'info', 'title')).slice(0, 200) || 'API'
  const version = textOf(under(document, 'info', 'version')).slice(0, 64) || '1.0.0'
  const schemes = Object.keys(under(document, 'components', 'securitySchemes') ?? {})
  return `# Written by \`sluice init\` from an OpenAPI document. To decide, before it serves anybody:
# - who answers: each worker is a topic that some service reads; \`dialect\` is the framework of that service;
# - what is a query (may be sent again) and what a command; what nobody answers is an event;
# - the key of each route, and how long its clients wait (\`timeoutMs\`).
# Check it with \`sluice validate\`, and try it without Kafka: \`sluice start FILE\`.
server: { port: 8080 }
broker:
  brokers: '\${KAFKA_BROKERS:}' # none: the embedded broker, in memory
api: { title: ${plain(title)}, version: ${plain(version)}, expose: true }
${
  schemes.length === 0
    ? ''
    : `# identity: # the document has ${schemes.map(name => JSON.stringify(name)).join(', ')}
#   providers:
#     issuer: { jwt: { issuer: 'https://…', audience: …, jwks: { url: 'https://…' } } }
`
}workers:
${[...workers].map(name => `  ${name}: { topic: ${name}.commands } # group: … # given, its members and its lag are watched`).join('\n')}
routes:
${routes.join('\n')}
${skipped.map(each => `# not taken: ${each.replaceAll(/\s+/g, ' ')}\n`).join('')}`
}
