import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../help/folder.ts'
import { sluice } from '../help/sluice.ts'

type Written = Readonly<{ principal: string; topics: readonly { name: string }[] }>

test('topics of a configuration are written although its password and certificates are elsewhere', async t => {
  const file = join(folder(t), 'gateway.yaml')
  const text =
    "broker: { brokers: 'kafka:9093', tls: { caFile: /nowhere/ca.crt }, sasl: { mechanism: scram-sha-512, username: shop, passwordFile: /nowhere/password } }\n" +
    'routes: { signal: { match: POST /signals, event: { topic: signals } } }\n'
  writeFileSync(file, text)
  const [json, checked] = [
    sluice(t, ['topics', file, '--as', 'json', '--set', 'replies.topic=answers']),
    sluice(t, ['topics', file, '--check']),
  ]
  equal(await json.ended, 0, json.err)
  const { principal, topics } = JSON.parse(json.out) as Written
  equal(principal, 'User:shop')
  deepEqual(
    topics.map(({ name }) => name),
    ['signals', 'answers'],
  )
  equal(await checked.ended, 1)
  match(checked.err, /passwordFile: found "\/nowhere\/password", which is not there/)
})

test('topics says what it cannot do', async t => {
  const runs = [
    sluice(t, ['topics', '--as', 'strimzi', '--user', 'Not Valid']),
    sluice(t, ['topics', '--replicas', '0']),
    sluice(t, ['topics', '--check']),
  ]
  for (const run of runs) equal(await run.ended, 1)
  match(runs[0]!.err, /A KafkaUser cannot be named Not Valid/)
  match(runs[1]!.err, /--replicas: found 0/)
  match(runs[2]!.err, /broker\.brokers is empty/)
})
