// Who reads whom: the serializers of Apicurio (Java) and of Confluent (npm and Python) against the gateway, in every language, ids in
// payloads and in headers. Run by `npm run registry:matrix`; it fetches what it needs from Maven Central, npm and PyPI. Where WRITE
// is 1, docs/schemas.md then says what was seen.
import { after, before, test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import { java } from '../../tools/kafka/java.ts'
import { startRegistry } from '../../tools/registry/apicurio.ts'
import type { ApicurioRegistry } from '../../tools/registry/apicurio.ts'
import { aGateway } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'
import { formats, registerAll, schemas } from '../help/schemas.ts'
import type { Format } from '../help/schemas.ts'
import type { Scope } from '../help/scope.ts'
import { startPeer } from './peer.ts'
import type { Mode, Peer } from './peer.ts'

const cache = join(import.meta.dirname, '..', '..', '.cache', 'registry')
const page = join(import.meta.dirname, '../../docs/schemas.md')
const topicOf = (format: Format): string => `orders.${format}`
const order = '{"orderId":"o-1","amount":4503599627370497}'
const rows: string[] = []
const plays = 8 // of the tests below: a part of them is no table

/** The message of the tests as the client of Confluent wants it. */
const descriptor = Buffer.from(
  toBinary(
    FileDescriptorProtoSchema,
    create(FileDescriptorProtoSchema, {
      name: 'order.proto',
      package: 'acme',
      syntax: 'proto3',
      messageType: [
        { name: 'Other', field: [{ name: 'a', number: 1, type: Type.INT32, label: Label.OPTIONAL, jsonName: 'a' }] },
        {
          name: 'Order',
          field: [
            { name: 'order_id', number: 1, type: Type.STRING, label: Label.OPTIONAL, jsonName: 'orderId' },
            { name: 'amount', number: 2, type: Type.INT64, label: Label.OPTIONAL, jsonName: 'amount' },
          ],
        },
      ],
    }),
  ),
).toString('base64')

const guids: Readonly<Record<Format, string>> = {
  avro: '00000000-0000-0000-0000-000000000001',
  json: '00000000-0000-0000-0000-000000000002',
  protobuf: '00000000-0000-0000-0000-000000000003',
}

/** A registry with the API of Confluent and its GUIDs, which Apicurio does not have. */
async function confluentRegistry(): Promise<AsyncDisposable & Readonly<{ url: string }>> {
  const server = createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://registry')
    const at = formats.findIndex(
      (format, i) =>
        pathname.startsWith(`/subjects/${topicOf(format)}-value/`) ||
        pathname === `/schemas/ids/${i + 1}` ||
        pathname === `/schemas/guids/${guids[format]}`,
    )
    const format = formats[at]
    res.setHeader('content-type', 'application/json')
    if (format === undefined) {
      res.writeHead(404).end('{"error_code":40403,"message":"no"}')
      return
    }
    const serialized = format === 'protobuf' && searchParams.get('format') === 'serialized'
    const schema = serialized ? descriptor : schemas[format].text
    res.end(
      JSON.stringify({
        subject: `${topicOf(format)}-value`,
        version: 1,
        id: at + 1,
        guid: guids[format],
        schemaType: schemas[format].type,
        schema,
      }),
    )
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

let registry: ApicurioRegistry
const held = new AsyncDisposableStack()
before(async () => {
  registry = held.use(await startRegistry({ progress: line => console.error(line) }))
  await registerAll(registry.url, topicOf)
})
after(async () => {
  const table = `| serializer | language | ids in | it reads Sluice | Sluice reads it |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
  console.log(`\n${table}`)
  if (process.env['WRITE'] === '1' && rows.length === plays * formats.length) {
    const text = readFileSync(page, 'utf8')
    writeFileSync(
      page,
      text.replace(/(<!-- played: npm run registry:matrix -->\n)[^]*?(<!-- end -->)/, `$1\n${table}\n$2`),
    )
  }
  await held.disposeAsync()
})

/** A folder in which a program is made once. */
function made(name: string, folder: string, done: string, [program = '', ...args]: readonly string[]): string {
  const place = join(cache, name)
  if (existsSync(join(place, done))) return place
  console.error(`Fetching what ${name} needs …`)
  mkdirSync(place, { recursive: true })
  cpSync(join(import.meta.dirname, folder), place, { recursive: true })
  const { status } = spawnSync(program, args, { cwd: place, stdio: ['ignore', 'inherit', 'inherit'], timeout: 600_000 })
  if (status !== 0) throw new Error(`${program} failed.`)
  return place
}

async function gatewayOf(t: Scope, options: object) {
  const workers = Object.fromEntries(formats.map(format => [format, { topic: topicOf(format) }]))
  const routes = Object.fromEntries(
    formats.map(format => {
      const request = { registry: 'topic', ...(format === 'protobuf' && { message: 'acme.Order' }) }
      return [
        format,
        {
          match: `POST /${format}`,
          command: { to: format },
          timeoutMs: 20_000,
          schema: { request, reply: { registry: 'id' } },
        },
      ]
    }),
  )
  return await aGateway(t, { registry: { timeoutMs: 20_000, ...options }, workers, routes })
}

/** What was read, whatever its spaces and however 64 bits are written. */
const said = (json: string): unknown => {
  const { orderId, order_id: id = orderId, amount } = JSON.parse(json) as Record<string, unknown>
  return { orderId: id, amount: Number(amount) }
}

/** `unread` are languages that the peer cannot read there whoever writes them. */
async function played(
  t: Scope,
  title: string,
  peer: Peer,
  mode: Mode,
  options: object,
  unread: readonly Format[] = [],
): Promise<void> {
  const { ask, broker } = await gatewayOf(t, { ...options, idsIn: mode })
  const failures: string[] = []
  for (const format of formats) {
    const topic = topicOf(format)
    const worker = await handWorker(t, broker, topic)
    const asked = ask(`/${format}`, { body: Buffer.from(order), headers: { 'content-type': 'application/json' } })
    const command = await worker.next()
    const headers = command.record.headers.filter(([name]) => /^(apicurio|__value)/.test(name))
    const tried = async (what: string, go: () => Promise<string>): Promise<string> => {
      try {
        deepEqual(said(await go()), said(order))
        return 'yes'
      } catch (error) {
        failures.push(`${format} ${what}: ${(error as Error).message.slice(0, 1_500)}`)
        return 'no'
      }
    }
    const isUnread = unread.includes(format)
    const theirs = isUnread
      ? 'no: it wants a descriptor, and is given text'
      : await tried('it reads Sluice', () =>
          peer.read(format, mode, topic, { value: command.record.value ?? Buffer.alloc(0), headers }),
        )
    const ours = await tried('Sluice reads it', async () => {
      const written = await peer.write(format, mode, topic, order)
      const correlation = command.record.headers.filter(([name]) => name === 'sluice-correlation-id')
      await command.publish([...correlation, ...written.headers], written.value)
      const { status, text } = await asked
      equal(status, 200, text)
      return text
    })
    rows.push(`| ${title} | ${format} | ${mode} | ${theirs} | ${ours} |`)
  }
  deepEqual(failures, [])
}

for (const mode of ['payload', 'headers'] as const)
  test(`the serializers of Apicurio, ids in ${mode}`, { timeout: 900_000 }, async t => {
    const lib = made('java', 'java', 'lib/done', [
      'sh',
      '-c',
      'mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib && touch lib/done',
    ])
    const options = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
    await using peer = await startPeer([java, ...options, '-cp', 'lib/*', 'Serdes.java', registry.url], lib)
    await played(t, 'Apicurio SerDes 3.1.7 (Java)', peer, mode, { url: registry.url })
  })

for (const mode of ['payload', 'headers'] as const)
  test(`the serializers of Confluent, ids in ${mode}`, { timeout: 900_000 }, async t => {
    const folder = made('confluent', 'confluent', 'node_modules', [
      'npm',
      'install',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ])
    await using fake = await confluentRegistry()
    await using peer = await startPeer([process.execPath, 'peer.mjs', fake.url, descriptor], folder)
    await played(t, '@confluentinc/schemaregistry 1.10.1', peer, mode, { url: fake.url, kind: 'confluent' })
  })

test('the serializers of Confluent on Apicurio', { timeout: 900_000 }, async t => {
  const folder = made('confluent', 'confluent', 'node_modules', [
    'npm',
    'install',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ])
  await using peer = await startPeer([process.execPath, 'peer.mjs', registry.ccompatUrl, descriptor], folder)
  const options = { url: registry.ccompatUrl, kind: 'confluent' }
  await played(t, '@confluentinc/schemaregistry 1.10.1 on Apicurio', peer, 'payload', options, ['protobuf'])
})

const inPython = (): string =>
  made('python', 'python', 'done', [
    'sh',
    '-c',
    'python3 -m venv venv && venv/bin/pip install --quiet --requirement requirements.txt && touch done',
  ])
const confluentKafka = 'confluent-kafka 2.16.1 (Python)'

for (const mode of ['payload', 'headers'] as const)
  test(`the serializers of Confluent in Python, ids in ${mode}`, { timeout: 900_000 }, async t => {
    const folder = inPython()
    await using fake = await confluentRegistry()
    await using peer = await startPeer(['venv/bin/python', 'peer.py', fake.url, descriptor], folder)
    await played(t, confluentKafka, peer, mode, { url: fake.url, kind: 'confluent' })
  })

test('the serializers of Confluent in Python on Apicurio', { timeout: 900_000 }, async t => {
  const folder = inPython()
  await using peer = await startPeer(['venv/bin/python', 'peer.py', registry.ccompatUrl, descriptor, 'text'], folder)
  const options = { url: registry.ccompatUrl, kind: 'confluent' }
  await played(t, `${confluentKafka} on Apicurio`, peer, 'payload', options)
})
