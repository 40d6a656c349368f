import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import type { Needs } from '../../../src/bridge/needs.ts'
import { script } from '../../../src/commands/topics/script.ts'

const topic = { replication: 3, uses: ['events'] } as const
const needs: Needs = {
  topics: [
    { ...topic, name: 'a', partitions: 12, config: { 'cleanup.policy': 'delete' }, operations: ['Write', 'Describe'] },
    { ...topic, name: 'b', partitions: -1, config: {}, operations: ['Write', 'Describe'] },
    { ...topic, name: 'c', partitions: 1, config: {}, operations: ['Read'] },
  ],
  groups: [{ name: `it's $(a);"group"`, uses: ['push'], operations: ['Read'] }],
  notes: ['A note.'],
}
const cluster = {
  brokers: '[::1]:9092,b:9092',
  principal: 'User:CN=a gateway',
  idempotentWrite: true,
  strimzi: { cluster: 'kafka', namespace: undefined, user: 'sluice', authentication: 'tls' },
} as const

/** What a shell hands to the tools, which are functions here that print their arguments. */
const calls = (env: NodeJS.ProcessEnv = {}): readonly (readonly string[])[] => {
  const tools = `kafka-topics.sh() { printf 'topics'; printf '\\t%s' "$@"; echo; }\nkafka-acls.sh() { printf 'acls'; printf '\\t%s' "$@"; echo; }\n`
  const out = execFileSync('bash', ['-c', tools + script(needs, cluster)], { encoding: 'utf8', env, timeout: 10_000 })
  return out
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'))
}

test('each topic is created once, and what is allowed alike is one call; no name is read by the shell', () => {
  const at = ['--bootstrap-server', '[::1]:9092,b:9092']
  const allow = ['acls', ...at, '--add', '--allow-principal', 'User:CN=a gateway']
  const create = ['topics', ...at, '--create', '--if-not-exists', '--topic']
  deepEqual(calls(), [
    [...create, 'a', '--partitions', '12', '--replication-factor', '3', '--config', 'cleanup.policy=delete'],
    [...create, 'b', '--replication-factor', '3'],
    [...create, 'c', '--partitions', '1', '--replication-factor', '3'],
    [...allow, '--operation', 'Write', '--operation', 'Describe', '--topic', 'a', '--topic', 'b'],
    [...allow, '--operation', 'Read', '--topic', 'c'],
    [...allow, '--operation', 'Read', '--group', `it's $(a);"group"`],
    [...allow, '--operation', 'IdempotentWrite', '--cluster'],
  ])
})

test('the environment says which brokers, and how to reach them', () => {
  const [first] = calls({ BROKERS: 'k:9093', COMMAND_CONFIG: 'admin properties' })
  deepEqual(first?.slice(0, 5), ['topics', '--bootstrap-server', 'k:9093', '--command-config', 'admin properties'])
})
