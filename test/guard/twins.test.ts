import { test } from 'node:test'
import { deepEqual, equal, fail } from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'

/** Sources without a test of the same name, and what tests them instead. */
const elsewhere: Readonly<Record<string, string>> = {
  'src/bridge/durable/journal.ts': 'test/flow/durable-streams.test.ts, whose streams it keeps',
  'src/bridge/durable/serve.ts': 'test/flow/durable-streams.test.ts: the published suite of the protocol asks it',
  'src/routes/streams/durable.ts': 'test/flow/durable-streams.test.ts, whose requests have these headers',
  'src/commands/init.ts': 'test/flow/init-command.test.ts, which runs it as a process',
  'src/routes/docs.ts': 'test/flow/docs.test.ts, whose browser opens it',
  'src/routes/tls/index.ts': 'test/flow/tls.test.ts, whose clients come by TLS',
  'src/routes/http2/index.ts': 'test/flow/http2.test.ts, whose clients come by HTTP/2',
  'src/routes/http2/response.ts': 'test/flow/http2.test.ts, whose clients it answers',
  'src/routes/http2/session.ts': 'test/flow/http2.test.ts, whose connections it ends',
  'src/telemetry/otlp/index.ts': 'test/flow/traces.test.ts, whose gateway exports to a collector',
  'src/telemetry/otlp/resource.ts': 'test/flow/traces.test.ts, whose gateway says who it is',
  'src/telemetry/traces/index.ts': 'test/flow/traces.test.ts, whose gateway exports to a collector',
  'src/bridge/spool/thread.ts': 'test/bridge/spool/disk.test.ts, whose disks are served by it',
  'src/worker/projection/follow.ts': 'test/worker/projection/projection.test.ts, whose projections follow',
  'src/worker/projection/index.ts': 'test/worker/projection/projection.test.ts, which opens them',
  'src/commands/topics.ts': 'test/flow/topics-command.test.ts, which runs it as a process',
  'src/commands/connected.ts': 'test/kafka/replay.test.ts, whose command reaches the brokers by it',
  'src/commands/replay.ts': 'test/kafka/replay.test.ts, which runs it as a process',
  'src/commands/describe.ts': 'test/flow/describe-command.test.ts, which runs it as a process',
  'src/routes/openapi/operations.ts': 'test/routes/openapi/index.test.ts: a part of the document',
  'src/bridge/schemas/avro/bytes.ts': 'test/bridge/schemas/avro/index.test.ts, whose values go through it',
  'src/bridge/schemas/avro/logical.ts': 'test/bridge/schemas/avro/index.test.ts, whose values go through it',
  'src/bridge/schemas/avro/model.ts': 'test/bridge/schemas/avro/index.test.ts, whose values go through it',
  'src/bridge/schemas/avro/read.ts': 'test/bridge/schemas/avro/index.test.ts, whose values go through it',
  'src/bridge/schemas/avro/shown.ts': 'test/bridge/schemas/avro/index.test.ts, whose values go through it',
  'src/bridge/schemas/avro/textual.ts': 'test/bridge/schemas/avro/index.test.ts, whose values go through it',
  'src/bridge/schemas/avro/union.ts': 'test/bridge/schemas/avro/index.test.ts, whose values go through it',
  'src/bridge/schemas/avro/write.ts': 'test/bridge/schemas/avro/index.test.ts, whose values go through it',
  'src/bridge/schemas/protobuf/blame.ts': 'test/bridge/schemas/protobuf/index.test.ts, whose values go through it',
  'src/bridge/schemas/protobuf/parse.ts': 'test/bridge/schemas/protobuf/index.test.ts, whose values go through it',
  'src/bridge/schemas/protobuf/shown.ts': 'test/bridge/schemas/protobuf/index.test.ts, whose values go through it',
  'src/bridge/schemas/registry/apicurio.ts': 'test/bridge/schemas/registry/client.test.ts, which asks by it',
  'src/bridge/schemas/registry/confluent.ts': 'test/bridge/schemas/registry/client.test.ts, which asks by it',
  'src/bridge/schemas/registry/index.ts': 'test/flow/registry.test.ts, whose gateways open it',
  'src/bridge/schemas/codec.ts': 'test/bridge/schemas/json.test.ts, whose violations it carries',
  'src/bridge/messages.ts': 'test/bridge/asyncapi.test.ts: a part of the document',
  'src/bridge/described.ts': 'test/flow/described-schemas.test.ts, which reads the documents',
  'src/routes/openapi/stream.ts': 'test/flow/described-schemas.test.ts, which reads the documents',
  'src/routes/openapi/schemas.ts': 'test/flow/schemas.test.ts, which reads the documents',
  'src/routes/openapi/parts.ts': 'test/routes/openapi/index.test.ts: a part of the document',
  'src/routes/openapi/view.ts': 'test/routes/openapi/index.test.ts: a part of the document',
  'src/routes/openapi/route.ts': 'test/routes/openapi/index.test.ts: a part of the document',
  'src/commands/dead.ts': 'test/kafka/dead-command.test.ts, which runs it as a process on a real broker',
  'src/bridge/schemas/reading.ts': 'test/flow/read-schemas.test.ts, whose records it reads',
  'src/bridge/schemas/registry/records.ts': 'test/flow/read-schemas.test.ts, whose records carry ids',
  'src/bridge/calls/inflight.ts': 'test/flow/calling.test.ts, whose operator looks at it',
  'src/bridge/calls/caller.ts': 'test/flow/calling.test.ts, whose commands it sends',
  'src/bridge/upstreams/dial.ts': 'test/bridge/upstreams/tls.test.ts and upstream.test.ts, whose endpoints it dials',
  'src/bridge/upstreams/endpoint.ts': 'test/bridge/upstreams/upstream.test.ts, which has several',
  'src/bridge/upstreams/message.ts': 'test/bridge/upstreams/exchange.test.ts, whose messages it reads and writes',
  'src/bridge/upstreams/results.ts': 'test/bridge/upstreams/outliers.test.ts, which judges by them',
  'src/calling.ts': 'test/flow/calling.test.ts, which opens them',
  'src/resilience/strangler/mirror.ts': 'test/resilience/strangler/strangler.test.ts, which has its copies compared',
  'src/strangling.ts': 'test/flow/strangler.test.ts, whose routes have both ways',
  'src/upstreams.ts': 'test/flow/calling.test.ts and test/flow/fallback.test.ts, which open them',
  'src/commands/top.ts': 'test/flow/top-command.test.ts, which runs it as a process',
  'src/commands/spool.ts': 'test/flow/spool-command.test.ts, which runs it as a process',
  'src/main.ts': 'test/flow/, which runs it as a process',
  'src/calls.ts': 'test/flow/calls.test.ts, which asks for calls that wait and that have ended',
  'src/overview.ts': 'test/flow/console.test.ts, whose page shows it',
  'src/routes/console/index.ts': 'test/flow/console.test.ts, whose browser opens it',
  'src/routes/console/files.ts': 'test/flow/console.test.ts, whose browser loads them',
  'src/app.ts': 'test/flow/, which starts it for every story',
  'src/operations.ts': 'test/flow/operations.test.ts and the other stories of operations',
  'src/pages.ts': 'test/flow/explain.test.ts and every story that looks at the admin port',
  'src/receivers.ts': 'test/flow/callbacks.test.ts and push.test.ts, whose receivers it opens',
  'src/bridge/push/subscription.ts': 'test/flow/push.test.ts, whose subscribers it serves',
  'src/bridge/operations/callbacks.ts': 'test/flow/callbacks.test.ts, whose receivers are called',
  'src/bridge/operations/calling.ts': 'test/flow/callbacks.test.ts, whose receivers read it',
  'src/prepare.ts': 'test/flow/not-ready.test.ts, whose brokers come late',
  'src/ways.ts': 'test/flow/, whose stories go all of its ways',
  'src/bridge/kafka/admin.ts': 'test/kafka/broker.test.ts: the contract, on a real broker',
  'src/bridge/kafka/identity.ts': 'test/bridge/kafka/producer.test.ts, by what its requests say',
  'src/bridge/kafka/kafka.ts': 'test/kafka/broker.test.ts: the contract, on a real broker',
  'src/bridge/memory/past.ts': 'test/bridge/memory.test.ts: the contract',
  'src/bridge/feeds/asked.ts': 'test/flow/streams.test.ts, whose clients ask',
  'src/bridge/feeds/index.ts': 'test/flow/streams.test.ts, which opens them',
  'src/bridge/feeds/open.ts': 'test/flow/streams.test.ts, whose clients join',
  'src/bridge/feeds/stream.ts': 'test/flow/streams.test.ts, whose clients hear it',
  'src/routes/streams/answer.ts': 'test/flow/streams.test.ts, whose clients it answers',
  'src/routes/streams/upgrade.ts': 'test/flow/websocket.test.ts, whose clients upgrade',
  'src/bridge/kafka/lane.ts': 'test/bridge/kafka/producer.test.ts, by what its requests say',
  'src/bridge/kafka/leader.ts': 'test/bridge/kafka/producer.test.ts, by what its requests say',
  'src/bridge/kafka/pending.ts': 'test/bridge/kafka/producer.test.ts, by what its requests say',
  'src/bridge/feeds/tails.ts': 'test/flow/streams.test.ts, whose streams follow them',
  'src/bridge/domain/index.ts': 'test/flow/domain-events.test.ts, which opens it',
  'src/bridge/processes/start.ts': 'test/flow/processes.test.ts, whose routes run processes',
  'src/telemetry/processes.ts': 'test/flow/processes.test.ts, which reads what was counted',
  'src/gathering.ts': 'test/flow/gather.test.ts, whose routes gather',
  'src/bridge/following.ts': 'test/flow/views.test.ts, which opens it',
  'src/bridge/views/index.ts': 'test/flow/views.test.ts, which opens them',
  'src/bridge/views/list.ts': 'test/flow/views.test.ts, which asks for pages',
  'src/bridge/views/one.ts': 'test/flow/views.test.ts, which asks for keys',
  'src/bridge/views/reach.ts': 'test/flow/views.test.ts, which reads what it wrote',
  'src/bridge/views/rows.ts': 'test/bridge/views/memory.test.ts, whose rows it weighs',
  'src/bridge/views/view.ts': 'test/flow/views.test.ts, which builds them',
  'src/commands/lab.ts': 'test/flow/lab.test.ts, which runs it as a process',
  'src/lab/command.ts': 'test/flow/lab.test.ts, whose processes run it',
  'src/lab/explore.ts': 'test/flow/lab.test.ts, whose processes run it',
  'src/lab/host.ts': 'test/flow/lab.test.ts, whose gateways are hosted by it',
  'src/lab/ownkafka.ts': 'test/long/lab.ts, which needs what it starts',
  'src/lab/perform.ts': 'test/flow/lab.test.ts and test/kafka/lab.test.ts, which play scenes',
  'src/lab/setting.ts': 'test/flow/lab.test.ts, whose scenarios are set by it',
  'src/lab/result.ts': 'test/flow/lab.test.ts, which looks at results',
  'src/lab/report/circuit.ts': 'test/flow/lab-report.test.ts, in a browser',
  'src/lab/report/index.ts': 'test/flow/lab-report.test.ts, in a browser',
  'src/lab/report/panels.ts': 'test/flow/lab-report.test.ts, in a browser',
  'src/lab/report/style.ts': 'test/flow/lab-report.test.ts, in a browser',
  'src/lab/compare.ts': 'test/flow/lab.test.ts, whose processes run it',
  'src/lab/whatif.ts': 'test/flow/lab-simulation.test.ts, whose process runs it',
  'src/lab/report/page.ts': 'test/flow/lab-report.test.ts, in a browser',
  'src/lab/report/sweep.ts': 'test/flow/lab-report.test.ts, in a browser',
  'src/lab/simulation/broker.ts': 'test/flow/lab-simulation.test.ts: the model beside the real one',
  'src/lab/simulation/line.ts': 'test/flow/lab-simulation.test.ts: the model beside the real one',
  'src/lab/simulation/pool.ts': 'test/flow/lab-simulation.test.ts, which fills it',
  'src/lab/simulation/process.ts': 'test/flow/lab-simulation.test.ts, which runs it as a process',
  'src/lab/simulation/simulate.ts': 'test/flow/lab-simulation.test.ts: the model beside the real one',
  'src/lab/attend.ts': 'test/kafka/lab.test.ts, which runs it as a process',
  'src/lab/crew.ts': 'test/kafka/lab.test.ts: its members are processes on a real broker',
  'src/lab/generate.ts': 'test/kafka/lab.test.ts, which runs it as a process',
  'src/lab/panel.ts': 'test/lab/picture.test.ts, which draws it',
  'src/lab/hues.ts': 'test/lab/picture.test.ts, which draws with them',
  'src/lab/onkafka.ts': 'test/kafka/lab.test.ts, which plays on a real broker',
  'src/lab/topics.ts': 'test/kafka/lab.test.ts, which plays on a real broker',
  'src/lab/proxy.ts': 'test/kafka/reply-reader.test.ts, whose gateways reach the broker through it',
}

const twinOf = (file: string): string => `test/${file.replace(/^src\//, '').replace(/\.ts$/, '.test.ts')}`
const tested = (file: string): boolean => existsSync(twinOf(file))

/** Whether anything is left to run once types, comments, and what only passes on from another file are gone. */
function runs(source: string): boolean {
  const statements = source
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\/\/.*$/gm, '')
    .split(/\n(?=\S)/)
    .map(statement => statement.trim())
    .filter(statement => statement !== '' && !/^[}\])>|&]/.test(statement))
  const idle = /^(export\s+)?(declare|interface|type)\s|^import\s+type\s|^export\s+(\*|\{[^}]*(\}|$))/
  return statements.some(statement => !idle.test(statement))
}

test('every source with something to run has a test beside it', () => {
  // config/schema/ is one schema in many files: test/config/schema.test.ts
  const missing = globSync(['src/**/*.ts', 'config/*.ts'], { exclude: ['**/*.d.ts'] })
    .filter(file => elsewhere[file] === undefined && runs(readFileSync(file, 'utf8')) && !tested(file))
    .map(file => `  ${file} wants ${twinOf(file)}`)
  if (missing.length === 0) return
  const advice = 'Write these tests, or say in test/guard/twins.test.ts what tests the source instead'
  fail(`${missing.length} sources are without a test. ${advice}:\n${missing.toSorted().join('\n')}`)
})

test('an exception is for a source that there is, and that has no test of its own', () => {
  const stale = Object.keys(elsewhere).filter(tested)
  deepEqual(stale, [])
})

test('files of types, and those that only pass on, need no test', () => {
  equal(
    runs(
      "/** A doc. */\nimport type { A } from './a.ts'\n\nexport type B = Readonly<{\n  a: A // note\n}>\n\nexport interface C {\n  d(): void\n}\n",
    ),
    false,
  )
  equal(runs("export type { A } from './a.ts'\ndeclare const x: unique symbol\ntype Y =\n  | 1\n  | 2\n"), false)
  equal(runs('export type A = 1\nexport const a = 1\n'), true)
  equal(runs("export * from './a.ts'\nexport {\n  b,\n  type C,\n} from './b.ts'\n"), false)
  equal(runs("import { a } from './a.ts'\na()\n"), true)
  equal(runs('export interface A {\n  a: 1\n}\nfunction f() {}\n'), true)
})
