import { test } from 'node:test'
import { equal, match, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { client } from '../help/ask.ts'
import { anOrder } from '../help/gateway.ts'
import type { Scope } from '../help/scope.ts'
import { freePorts, sluice } from '../help/sluice.ts'

/** A collector that takes whatever comes by OTLP over HTTP. */
async function collector(t: Scope) {
  const taken: { path: string; type: string; body: Buffer }[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      taken.push({ path: req.url ?? '', type: req.headers['content-type'] ?? '', body: Buffer.concat(chunks) })
      res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parent = `00-${traceId}-b7ad6b7169203331-01`

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

test('a variable that cannot be is one line at start', async t => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER: 'sometimes' }
  const run = sluice(t, ['start', ...freePorts], env)
  equal(await run.ended, 1)
  match(run.err, /OTEL_TRACES_SAMPLER is "sometimes", expected one of/)
})
