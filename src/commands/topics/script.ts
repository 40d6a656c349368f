import type { Needs } from '../../bridge/needs.ts'
import type { Cluster } from './cluster.ts'

/** A word of a shell, whatever it holds. */
const quoted = (text: string): string =>
  /^[\w.:,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** The same in the words of Kafka's own tools: what is there is left as it is. */
export function script({ topics, groups, notes }: Needs, { brokers, principal, idempotentWrite }: Cluster): string {
  const lines = [
    '#!/bin/sh',
    '# Topics and ACLs, written by `sluice topics` from the configuration. COMMAND_CONFIG names a file with how to reach the brokers, where they ask.',
    ...notes.map(note => `# ${note}`),
    'set -eu',
    `brokers=\${BROKERS:-${brokers}}`,
    'topics() { kafka-topics.sh --bootstrap-server "$brokers" ${COMMAND_CONFIG:+--command-config "$COMMAND_CONFIG"} "$@"; }',
    'acls() { kafka-acls.sh --bootstrap-server "$brokers" ${COMMAND_CONFIG:+--command-config "$COMMAND_CONFIG"} "$@"; }',
  ]
  for (const { name, partitions, replication, config } of topics) {
    const count = partitions > 0 ? ` --partitions ${partitions}` : ''
    const settings = Object.entries(config).map(([option, value]) => ` --config ${option}=${quoted(value)}`)
    lines.push(
      `topics --create --if-not-exists --topic ${name}${count} --replication-factor ${replication}${settings.join('')}`,
    )
  }
  const allow = (operations: readonly string[], resources: string): void =>
    void lines.push(
      `acls --add --allow-principal ${quoted(principal)}${operations.map(one => ` --operation ${one}`).join('')}${resources}`,
    )
  for (const [operations, names] of alike(topics)) allow(operations, names.map(name => ` --topic ${name}`).join(''))
  for (const [operations, names] of alike(groups))
    allow(operations, names.map(name => ` --group ${quoted(name)}`).join(''))
  if (idempotentWrite) allow(['IdempotentWrite'], ' --cluster')
  return lines.join('\n')
}

/** The names for which the same is allowed, as each call of the tool takes a second. */
function alike(needs: Needs['groups']): Iterable<readonly [readonly string[], readonly string[]]> {
  const found = new Map<string, [readonly string[], string[]]>()
  for (const { name, operations } of needs) {
    const key = operations.join()
    const [, names] = found.get(key) ?? [[], []]
    found.set(key, [operations, [...names, name]])
  }
  return found.values()
}
