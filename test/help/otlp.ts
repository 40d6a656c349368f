import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { parse } from 'protobufjs'
import type { Scope } from './scope.ts'

/** What is looked at of opentelemetry.proto.collector.trace.v1: the numbers are those of the specification. */
const { root } = parse(`syntax = "proto3";
message Traces { repeated ResourceSpans resources = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopes = 2; }
message Resource { repeated Attribute attributes = 1; }
message Attribute { string key = 1; Value value = 2; }
message Value { string text = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span { bytes trace = 1; bytes id = 2; bytes parent = 4; string name = 5; int32 kind = 6; }`)
const Traces = root.lookupType('Traces')

type Bytes = Readonly<Uint8Array>
type Decoded = Readonly<{
  resources: readonly Readonly<{
    resource: Readonly<{ attributes: readonly Readonly<{ key: string; value: Readonly<{ text: string }> }>[] }>
    scopes: readonly Readonly<{
      spans: readonly Readonly<{ trace: Bytes; id: Bytes; parent: Bytes; name: string; kind: number }>[]
    }>[]
  }>[]
}>
export type Told = Readonly<{ service: string; trace: string; id: string; parent: string; name: string; kind: string }>
type Taken = Readonly<{ path: string; type: string; body: Buffer }>
export type Collector = Readonly<{ taken: readonly Taken[]; url: string; spans: () => readonly Told[] }>

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const hex = (bytes: Bytes): string => Buffer.from(bytes).toString('hex')

/** A collector that takes whatever comes by OTLP over HTTP; gone with the test. */
export async function collector(t: Scope): Promise<Collector> {
  const taken: Taken[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const sent = Buffer.concat(chunks)
      const body = req.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      taken.push({ path: req.url ?? '', type: req.headers['content-type'] ?? '', body })
      res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const spans = (): readonly Told[] =>
    taken.filter(({ path }) => path.endsWith('/traces')).flatMap(({ body }) => spansOf(body))
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans }
}

/** The gateways of this process send their traces there, until the test has ended. */
export function exporting(t: Scope, { url }: Collector): void {
  process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] = `${url}/v1/traces`
  t.after(() => void delete process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])
}

function spansOf(body: Buffer): readonly Told[] {
  const { resources } = Traces.toObject(Traces.decode(body), { defaults: true }) as Decoded
  return resources.flatMap(({ resource, scopes }) => {
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.text ?? 'unnamed'
    return scopes
      .flatMap(scope => scope.spans)
      .map(({ trace, id, parent, name, kind }) => ({
        service,
        trace: hex(trace),
        id: hex(id),
        parent: hex(parent),
        name,
        kind: kinds[kind] ?? String(kind),
      }))
  })
}

/** The spans of a trace below one of another's, a line each: what was done, by whom. Children of one stand by their names. */
export function treeOf(spans: readonly Told[], trace: string, parent: string, depth = 0): readonly string[] {
  return spans
    .filter(span => span.trace === trace && span.parent === parent)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ kind, name, service, id }) => [
      `${'  '.repeat(depth)}${kind} ${name} (${service})`,
      ...treeOf(spans, trace, id, depth + 1),
    ])
}
