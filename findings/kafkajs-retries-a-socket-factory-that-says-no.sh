#!/bin/sh
# kafkajs 2.2.4: what an own `socketFactory` throws is wrapped into a KafkaJSConnectionError, which is retriable, also where it is a
# KafkaJSNonRetriableError: its way to say that nothing is to be tried again is lost, and a client whose factory refuses for good goes on
# dialling until its retries are used up (with many retries: for as long as the process lives, which its timer keeps alive).
# Seen: "4 dials, KafkaJSNumberOfRetriesExceeded: Failed to connect: closed".
# src/bridge/kafka/client.ts marks the wrapped error, so that a member that is closed ends what waits for a broker.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund kafkajs@2.2.4
cat >see.mjs <<'JS'
import kafkajs from 'kafkajs'
let dials = 0
const socketFactory = () => {
  dials++
  throw new kafkajs.KafkaJSNonRetriableError('closed')
}
const retry = { initialRetryTime: 10, maxRetryTime: 10, retries: 3 }
const kafka = new kafkajs.Kafka({ brokers: ['127.0.0.1:9092'], socketFactory, retry, logLevel: kafkajs.logLevel.NOTHING })
const error = await kafka.admin().connect().then(() => null, error => error)
console.log(`${dials} dials, ${error?.name}: ${error?.message}`)
JS
node see.mjs 2>/dev/null | tee seen
grep -qx '4 dials, KafkaJSNumberOfRetriesExceeded: Failed to connect: closed' seen
