import type { Needs, TopicNeed } from '../../bridge/needs.ts'
import type { Cluster } from './cluster.ts'

/** For people: a paragraph for each topic and group, with what it is for. */
export function table({ topics, groups, notes }: Needs, { principal, idempotentWrite }: Cluster): string {
  const rows = [
    ['TOPIC', 'PARTITIONS', 'REPLICAS', 'CLEANUP', `ALLOW ${principal}`, 'FOR'],
    ...topics.map(({ name, partitions, replication, config, operations, uses }) => [
      name,
      partitions > 0 ? String(partitions) : 'as set',
      String(replication),
      config['cleanup.policy'] ?? '',
      operations.join(' '),
      uses.join('; '),
    ]),
  ]
  const shared = groups.map(({ name, operations, uses }) => [name, operations.join(' '), uses.join('; ')])
  return [
    ...aligned(rows),
    '',
    'SETTINGS',
    ...aligned(topics.map(topic => [topic.name, othersOf(topic)])),
    ...(shared.length === 0 ? [] : ['', ...aligned([['GROUP', `ALLOW ${principal}`, 'FOR'], ...shared])]),
    ...(idempotentWrite ? ['', 'CLUSTER  IdempotentWrite'] : []),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ].join('\n')
}

const othersOf = ({ config }: TopicNeed): string =>
  Object.entries(config)
    .filter(([option]) => option !== 'cleanup.policy')
    .map(([option, value]) => `${option}=${value}`)
    .join(' ')

/** Columns that begin below each other. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
