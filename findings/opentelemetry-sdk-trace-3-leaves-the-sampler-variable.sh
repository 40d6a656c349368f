#!/bin/sh
# @opentelemetry/sdk-trace 3.1.1 (the successor of sdk-trace-base 2.x): a TracerProvider made without a sampler records every
# span although OTEL_TRACES_SAMPLER=always_off, while sdk-trace-base 2.12.1 obeys the variable in the same place. Whoever moves
# to 3.x by changing the import sends all traces. Seen: "2.12.1 recording: false", "3.1.1 recording: true".
# Sluice reads OTEL_TRACES_SAMPLER itself (src/telemetry/traces/sampler.ts).
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --legacy-peer-deps @opentelemetry/api@1.9.1 @opentelemetry/sdk-trace@3.1.1 older@npm:@opentelemetry/sdk-trace-base@2.12.1
cat >see.mjs <<'JS'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { BasicTracerProvider } from 'older'
const records = Provider => new Provider().getTracer('t').startSpan('s').isRecording()
console.log(`2.12.1 recording: ${records(BasicTracerProvider)}`)
console.log(`3.1.1 recording: ${records(TracerProvider)}`)
JS
OTEL_TRACES_SAMPLER=always_off node see.mjs | tee seen
grep -qx '2.12.1 recording: false' seen
grep -qx '3.1.1 recording: true' seen
