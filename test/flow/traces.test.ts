import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { demo } from '../../src/worker/demo.ts'
import { client } from '../help/ask.ts'
import { anOrder, openGateway } from '../help/gateway.ts'
import { collector, exporting, treeOf } from '../help/otlp.ts'
import { freePorts, sluice } from '../help/sluice.ts'
import { until } from '../help/until.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const parent = `00-${traceId}-${spanId}-01`

test('the numbers of /metrics also go where the environment says, and they alone', async t => {
  const { taken, url } = await collector(t)
  const run = sluice(t, ['start', '--demo', ...freePorts], {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/v1/metrics`,
    OTEL_METRIC_EXPORT_INTERVAL: '200',
  })
  const { url: gateway } = await run.places()
  using held = client(gateway)
  for (let status = 0; status !== 201;) ({ status } = await held.ask('/orders', { body: anOrder }))
  run.kill('SIGINT')
  equal(await run.ended, 0, run.err)
  ok(taken.length > 0, 'nothing was exported')
  for (const { path } of taken) equal(path, '/v1/metrics')
  const last = taken.at(-1)!.body
  for (const name of [
    'http.server.request.duration',
    'messaging.client.sent.messages',
    'v8js.memory.heap.used',
    'sluice.calls',
    'place-order',
  ])
    ok(last.includes(name), name)
})

test('with an OTLP endpoint in the environment a call is one trace, which the log names', async t => {
  const { taken, url } = await collector(t)
  const run = sluice(t, ['start', '--demo', ...freePorts], {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`,
    OTEL_SERVICE_NAME: 'shop',
  })
  const { url: gateway } = await run.places()
  using held = client(gateway)
  for (let status = 0; status !== 201;)
    ({ status } = await held.ask('/orders', { body: anOrder, headers: { traceparent: parent } }))
  run.kill('SIGINT')
  equal(await run.ended, 0, run.err)
  ok(taken.length > 0, 'nothing was exported')
  const bodies = Buffer.concat(taken.map(({ body }) => body))
  for (const { path, type } of taken) {
    equal(path, '/v1/traces')
    equal(type, 'application/x-protobuf')
  }
  for (const text of ['shop', 'POST /orders', 'send orders.commands', 'process gateway.replies'])
    ok(bodies.includes(text), text)
  const ids = bodies.toString('latin1').split(Buffer.from(traceId, 'hex').toString('latin1')).length - 1
  ok(ids >= 3, `${ids} spans of the trace`)
  ok(
    run.lines.some(line => line['trace_id'] === traceId),
    run.out,
  )
})

test('a worker with a tracer of its own is in the same trace: the request, the record, the worker, its reply', async t => {
  const collected = await collector(t)
  exporting(t, collected)
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'orders' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
  trace.setGlobalTracerProvider(provider)
  t.after(async () => {
    trace.disable()
    await provider.shutdown()
  })
  const { gateway, broker, ask } = await openGateway(t)
  await gateway.ready
  const worker = await demo(broker, { topic: 'orders.commands' })
  equal((await ask('/orders', { body: anOrder, headers: { traceparent: parent } })).status, 201)
  await worker[Symbol.asyncDispose]()
  await gateway.stop({ delayMs: 0 })
  await until('all spans have come', () => collected.spans().length >= 5)
  deepEqual(treeOf(collected.spans(), traceId, spanId), [
    'SERVER POST /orders (sluice)',
    '  PRODUCER send orders.commands (sluice)',
    '    CONSUMER process orders.commands (orders)',
    '      PRODUCER send gateway.replies (orders)',
    '        CONSUMER process gateway.replies (sluice)',
  ])
})

test('a variable that cannot be is one line at start', async t => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER: 'sometimes' }
  const run = sluice(t, ['start', ...freePorts], env)
  equal(await run.ended, 1)
  match(run.err, /OTEL_TRACES_SAMPLER is "sometimes", expected one of/)
})
