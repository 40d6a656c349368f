#!/bin/sh
# @durable-streams/client 0.2.7: IdempotentProducer.append throws for an object, though its README shows `producer.append(event)` with the
# comment that objects are serialized for JSON streams. Text that is JSON already is taken. Seen: "object: append() requires string or
# Uint8Array. For objects, use JSON.stringify()." and "text: taken".
# Examples of Sluice hand over text (docs/durable-streams.md).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact @durable-streams/client@0.2.7
grep -q 'producer.append(event) // Objects serialized automatically' node_modules/@durable-streams/client/README.md
cat >see.mjs <<'JS'
import { DurableStream, IdempotentProducer } from '@durable-streams/client'
const fetched = async () => new Response(null, { status: 200, headers: { 'content-type': 'application/json', 'stream-next-offset': '1' } })
const stream = new DurableStream({ url: 'http://localhost/s', contentType: 'application/json', fetch: fetched })
const producer = new IdempotentProducer(stream, 'p', { fetch: fetched })
for (const [name, value] of [['object', { n: 1 }], ['text', '{"n":1}']])
  try {
    producer.append(value)
    console.log(`${name}: taken`)
  } catch (error) {
    console.log(`${name}: ${error.message}`)
  }
process.exit(0)
JS
node see.mjs | tee seen
grep -q '^object: append() requires string or Uint8Array' seen
grep -qx 'text: taken' seen
