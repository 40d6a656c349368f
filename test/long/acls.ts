// A gateway that may do just what `sluice topics` writes, on a real broker with Kafka's authorizer: npm run acls:long.
import { after, before, suite, test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import { format, load } from '../../config/load.ts'
import type { Config } from '../../config/schema/index.ts'
import { start } from '../../src/app.ts'
import { Aborter } from '../../src/aborter.ts'
import { serve } from '../../src/worker/index.ts'
import { classPath, java } from '../../tools/kafka/java.ts'
import { client } from '../help/ask.ts'
import type { Ask } from '../help/ask.ts'
import { folder } from '../help/folder.ts'
import { adminOf, anOrder } from '../help/gateway.ts'
import { httpServer } from '../help/httpserver.ts'
import { useOwnKafka } from '../help/kafka.ts'
import { listenTo } from '../help/listener.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { aReceiver } from '../help/receiver.ts'
import type { TestReceiver } from '../help/receiver.ts'
import { pairs } from '../help/record.ts'
import type { Scope } from '../help/scope.ts'
import { sluice } from '../help/sluice.ts'
import { until } from '../help/until.ts'
import { warnings } from '../help/warnings.ts'

const user = { username: 'sluice', password: 'a-password' }
const kafka = useOwnKafka({
  sasl: user,
  properties: {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS', // whoever comes by the plain listener: the broker itself, and workers
    'auto.create.topics.enable': 'false',
  },
})
const limitMs = 20_000
const json = { 'content-type': 'application/json' }
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
const signingKey = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`

suite('what sluice topics writes', { skip: kafka.skip, timeout: 280_000 }, () => {
  let admin: Admin
  let receiver: TestReceiver
  let file: string
  const held = new AsyncDisposableStack()
  const scope: Scope = { after: end => held.defer(end) }

  before(async () => {
    admin = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    receiver = await aReceiver(scope)
    const shop = await httpServer(scope, (_req, res) => void res.writeHead(201, json).end('{"called":true}'))
    file = join(folder(scope), 'gateway.yaml')
    writeFileSync(file, JSON.stringify(everyWay(kafka.cluster.addresses.SASL_PLAINTEXT, receiver.url, shop.url))) // which is YAML too
  })
  after(async () => {
    await admin?.disconnect()
    await held.disposeAsync()
  })

  function configured(): Config {
    const { config, mistakes } = load(file)
    equal(format(mistakes), '')
    return config!
  }

  test('lets a gateway that is not let in become ready and serve in every way', async t => {
    await using gateway = await start(configured())
    const { ask, ...ended } = client(gateway.url)
    t.after(() => ended[Symbol.dispose]())
    const { ready, ask: askAdmin } = adminOf(t, gateway.adminUrl)
    await until('it says why', async () => /[Pp]ermission|authoriz/.test((await ready()).reasons.join()), limitMs)
    await run(t, file, kafka.brokers)
    await serve({ brokers: kafka.brokers, topic: 'orders.commands', group: 'orders' }, command => ({
      status: 201,
      body: command.json(),
    })).then(worker => t.after(() => worker.close()))
    const broker = await kafkaBroker(t, kafka.brokers, ['payments.commands', 'payments.events', 'orders.state'])
    const tell = (topic: string, key: string, value: string, headers = {}) =>
      broker.publish({
        topic,
        partition: broker.partitionFor(topic, Buffer.from(key)),
        key: Buffer.from(key),
        value: Buffer.from(value),
        headers: pairs(headers),
        acks: 'all',
        signal: new Aborter(),
      })
    await until('it is ready', async () => (await ready()).status === 200, limitMs)

    await until('a command is answered', async () => (await ask('/orders', { body: anOrder })).status === 201, limitMs)
    equal((await ask('/beats', { body: {} })).status, 202)
    const listener = await listenTo(t, `${gateway.url}/events`).open()
    equal((await ask('/events', { body: { n: 1 } })).status, 202)
    deepEqual(
      (await listener.messages(1)).map(text => JSON.parse(text) as unknown),
      [{ n: 1 }],
    )
    await until('it is pushed', () => receiver.bodies.includes('{"n":1}'), limitMs)

    await tell('orders.state', 'o-1', '{"state":"new"}')
    await until('the view shows it', async () => (await ask('/states/o-1')).status === 200, limitMs)

    const put = { method: 'PUT', headers: json }
    equal((await ask('/chats/a', put)).status, 201)
    equal((await ask('/chats/a', { body: [{ said: 'hello' }] })).status, 204)
    await until('it is read', async () => (await ask('/chats/a?offset=-1')).text.includes('hello'), limitMs)

    const paid = ask('/payments', { body: { id: 'p-1' } })
    const paying = setInterval(
      () => void tell('payments.events', 'p-1', '{}', { ce_type: 'paid' }).catch(() => {}),
      200,
    )
    t.after(() => clearInterval(paying))
    equal((await paid).status, 201)
    clearInterval(paying)

    equal((await until('it is called', () => called(ask), limitMs))['called'], true)

    const prefer = `respond-async, callback; url="${receiver.url}/done"`
    const operation = await ask('/orders', { body: anOrder, headers: { prefer } })
    deepEqual([operation.status, operation.headers['preference-applied']], [202, 'respond-async, callback'])
    const place = operation.headers.location!
    await until('the operation ends', async () => (await ask(place)).status === 201, limitMs)
    await until('it is called back', () => receiver.got.some(({ path }) => path === '/done'), limitMs)

    await until('nothing is missed', async () => !/calls\.|push\./.test((await ready()).reasons.join()), limitMs)
    const { reasons } = await ready()
    deepEqual(
      reasons.filter(reason => /permission|authoriz/i.test(reason)),
      [],
    )
    // a group that has never read is told only to whoever may see it
    await until(
      'the group is looked at',
      async () => /group billing has read nothing/.test((await ready()).reasons.join()),
      limitMs,
    )
    const metrics = (await askAdmin('/metrics')).text
    match(metrics, /sluice_worker_members\{[^}]*worker="orders"[^}]*\} 1/)
  })

  test('agrees with the cluster that it has set up, and finds what is changed there', async t => {
    const agrees = sluice(t, ['topics', file, '--check', '--replicas', '1'])
    equal(await agrees.ended, 0, agrees.out + agrees.err)
    match(agrees.out, /^All \d+ topics are as they should be/)
    const { TOPIC } = kafkajs.ConfigResourceTypes
    const configEntries = [{ name: 'retention.ms', value: '1000' }]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: TOPIC, name: 'gateway.replies', configEntries }],
    })
    await admin.deleteTopics({ topics: ['beats'] })
    const differs = sluice(t, ['topics', file, '--check', '--replicas', '1'])
    equal(await differs.ended, 1)
    match(differs.out, /^gateway\.replies has retention\.ms 1000, not 600000\.$/m)
    match(differs.out, /^beats is missing\.$/m)
    await admin.createTopics({ topics: [{ topic: 'beats' }] })
  })

  type Known = Readonly<{ reasons: string; warned: string }>
  type Without = Readonly<{
    what: string
    operation: keyof typeof AclOperationTypes
    on: 'TOPIC' | 'GROUP'
    /** Whether it is seen that it may not. */
    seen: (known: Known) => boolean
  }>
  const withouts: readonly Without[] = [
    {
      what: 'Read on topics is not ready',
      operation: 'READ',
      on: 'TOPIC',
      seen: ({ reasons }) => /authoriz|permission/i.test(reasons),
    },
    {
      what: 'Write on topics is not ready, as it cannot keep operations',
      operation: 'WRITE',
      on: 'TOPIC',
      seen: ({ reasons }) => /AUTHORIZATION_FAILED for sluice\.operations/.test(reasons),
    },
    {
      what: 'DescribeConfigs on topics shows no view',
      operation: 'DESCRIBE_CONFIGS',
      on: 'TOPIC',
      seen: ({ reasons }) => reasons.includes('orders.state'),
    },
    {
      what: 'Read on groups neither pushes nor calls, and can be stopped',
      operation: 'READ',
      on: 'GROUP',
      seen: ({ reasons, warned }) =>
        /calls\.legacy does not call/.test(reasons) &&
        /sluice\.calls\.legacy died/.test(warned) &&
        /sluice\.push\.mail died/.test(warned),
    },
  ]
  for (const { what, operation, on, seen } of withouts)
    test(`a gateway without ${what}`, async t => {
      const filter = {
        resourceType: AclResourceTypes[on],
        resourcePatternType: ResourcePatternTypes.ANY,
        operation: AclOperationTypes[operation],
        permissionType: AclPermissionTypes.ALLOW,
        principal: 'User:sluice',
      }
      const { filterResponses } = await admin.deleteAcls({ filters: [filter] })
      const gone = filterResponses.flatMap(({ matchingAcls }) => matchingAcls)
      ok(gone.length > 0)
      const warned = warnings(t)
      try {
        await using gateway = await start(configured())
        const { ready } = adminOf(t, gateway.adminUrl)
        await until(
          'it is seen',
          async () => seen({ reasons: (await ready()).reasons.join('\n'), warned: warned.join('\n') }),
          limitMs,
        )
      } finally {
        await admin.createAcls({ acl: gone })
      }
    })
})

async function called(ask: Ask): Promise<Readonly<Record<string, unknown>> | null> {
  const answer = await ask('/legacy', { body: {} })
  return answer.status === 201 ? answer.json : null
}

/** A configuration in which the gateway does everything that it can do with Kafka. */
const everyWay = (brokers: string, receiver: string, shop: string): object => ({
  server: { host: '127.0.0.1', port: 0 },
  admin: { port: 0 },
  log: { level: 'silent' },
  drain: { delayMs: 0, limitMs: 2_000 },
  overload: { mode: 'off' }, // the machine of the tests may be busier than any gateway should be
  broker: { brokers, createTopics: false, sasl: { mechanism: 'scram-sha-512', ...user }, publish: { attemptMs: 500 } },
  egress: { allow: ['127.0.0.1'] },
  workers: {
    orders: { topic: 'orders.commands', group: 'orders' },
    payments: { topic: 'payments.commands' },
    legacy: { topic: 'legacy.commands' },
  },
  upstreams: { legacy: { urls: [shop] } },
  calls: { legacy: { topic: 'legacy.commands', upstream: 'legacy' } },
  push: { mail: { topic: 'orders.events', url: receiver, from: 'earliest', retryMs: 100 } },
  operations: { callbacks: { receivers: { shop: { origin: receiver, signingKey } }, retryMs: 100 } },
  routes: {
    'place-order': { match: 'POST /orders', command: { to: 'orders' }, timeoutMs: 5_000, async: 'offer' },
    legacy: { match: 'POST /legacy', command: { to: 'legacy' }, timeoutMs: 5_000 },
    pay: {
      match: 'POST /payments',
      command: { to: 'payments', key: 'body.id' },
      replies: { topic: 'payments.events', outcomes: { paid: 201 } },
      timeoutMs: 10_000,
    },
    event: { match: 'POST /events', event: { topic: 'orders.events', groups: ['billing'] } },
    beat: { match: 'POST /beats', event: { topic: 'beats' }, delivery: 'volatile' },
    follow: { match: 'GET /events', stream: { topics: ['orders.events'] }, delivery: 'replayable' },
    chat: {
      match: 'GET /chats/:chat',
      delivery: 'replayable',
      stream: { topics: ['chats'], protocol: 'durable-streams', key: 'path.chat' },
    },
    state: { match: 'GET /states/:id', view: { topic: 'orders.state', key: 'path.id' } },
  },
})

/** Runs the script that the command writes, with the real tools, as an administrator of the cluster. */
async function run(t: Scope, file: string, brokers: string): Promise<void> {
  const written = sluice(t, ['topics', file, '--as', 'script', '--replicas', '1'])
  equal(await written.ended, 0, written.err)
  const bin = join(folder(t), 'bin')
  mkdirSync(bin)
  for (const [name, main] of [
    ['kafka-topics.sh', 'TopicCommand'],
    ['kafka-acls.sh', 'AclCommand'],
  ] as const)
    writeFileSync(
      join(bin, name),
      `#!/bin/sh\nexec ${java} -Xmx128m -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp '${classPath}' org.apache.kafka.tools.${main} "$@"\n`,
      { mode: 0o755 },
    )
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, BROKERS: brokers }
  const { stdout } = await promisify(execFile)('sh', ['-c', written.out], { env, timeout: 150_000 })
  match(stdout, /Adding ACLs for resource/)
}
