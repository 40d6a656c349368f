import { Option } from 'commander'
import type { Command } from 'commander'
import type { Config } from '../../config/schema/index.ts'
import { differencesOf, needsOf } from '../bridge/needs.ts'
import type { Needs } from '../bridge/needs.ts'
import { Problem } from '../problem.ts'
import { connected } from './connected.ts'
import type { Terminal } from './spool.ts'
import type { Cluster } from './topics/cluster.ts'
import { script } from './topics/script.ts'
import { isResourceName, strimzi } from './topics/strimzi.ts'
import { table } from './topics/table.ts'

type Asked = Readonly<{
  as: 'table' | 'json' | 'script' | 'strimzi'
  set: readonly string[]
  replicas: string
  principal?: string
  oldBrokers: boolean
  cluster: string
  namespace?: string
  user?: string
  check: boolean
}>
/** `files`: whether those that the configuration names, such as a password, are looked into. */
type Configured = (file: string, asked: Readonly<{ set: readonly string[]; files: boolean }>) => Config
type Place = Readonly<{ shipped: string; settable: (command: Command) => Command }>

const most = 32_767

/** `sluice topics`: what a gateway needs on its cluster, written from its configuration. */
export function topicsCommand(
  program: Command,
  { configuration, ...terminal }: Omit<Terminal, 'configuration'> & Readonly<{ configuration: Configured }>,
  { shipped, settable }: Place,
): void {
  const command = program
    .command('topics')
    .description(
      'print the topics that the gateway uses, as they should be, and the ACLs that it needs, written from the configuration',
    )
    .argument('[file]', 'configuration file', shipped)
    .addOption(
      new Option('--as <form>', 'for people, for programs, for the tools of Kafka, or as resources of Strimzi')
        .choices(['table', 'json', 'script', 'strimzi'])
        .default('table'),
    )
    .option('--replicas <count>', 'replicas of each topic', '3')
    .option('--principal <principal>', 'whom the ACLs are for; default: User: and broker.sasl.username, or User:sluice')
    .option('--old-brokers', 'brokers before Kafka 3.0, which ask for IdempotentWrite on the cluster', false)
    .option('--cluster <name>', 'strimzi: name of the Kafka resource', 'kafka')
    .option('--namespace <name>', 'strimzi: namespace of the resources; default: none is written')
    .option('--user <name>', 'strimzi: name of the KafkaUser; default: broker.sasl.username, or sluice')
    .option(
      '--check',
      'instead, ask the brokers which topics are missing or differ, and exit with 1 if there is one',
      false,
    )
  settable(command)
    .addHelpText(
      'after',
      `
Passwords and certificates that the configuration names need not be here, but for --check.

  $ sluice topics gateway.yaml                                        a table
  $ sluice topics gateway.yaml --as script --principal User:sluice    for kafka-topics.sh and kafka-acls.sh
  $ sluice topics gateway.yaml --as strimzi --cluster kafka           for kubectl apply -f -
  $ sluice topics gateway.yaml --check --replicas 1                   beside a cluster of one broker`,
    )
    .action(async (file: string, asked: Asked) => {
      const config = configuration(file, { set: asked.set, files: asked.check })
      const replicas = Number(asked.replicas)
      if (!Number.isInteger(replicas) || replicas < 1 || replicas > most)
        return terminal.fail(`--replicas: found ${asked.replicas}, expected a whole number from 1 to ${most}`)
      const needs = needsOf(config, replicas)
      if (asked.check) return await check(config, needs, { ...terminal, configuration: () => config })
      const cluster = clusterOf(config, asked)
      if (asked.as === 'strimzi' && !isResourceName(cluster.strimzi.user))
        return terminal.fail(`A KafkaUser cannot be named ${cluster.strimzi.user}: give another one by --user.`)
      terminal.say(forms[asked.as](needs, cluster))
    })
}

const forms: Readonly<Record<Asked['as'], (needs: Needs, cluster: Cluster) => string>> = {
  table,
  script,
  strimzi,
  json: ({ topics, ...others }, { principal, idempotentWrite }) =>
    JSON.stringify(
      {
        principal,
        topics: topics.map(topic => ({ ...topic, partitions: topic.partitions > 0 ? topic.partitions : null })),
        ...others,
        cluster: idempotentWrite ? ['IdempotentWrite'] : [],
      },
      null,
      2,
    ),
}

function clusterOf({ broker: { brokers, sasl, tls } }: Config, asked: Asked): Cluster {
  const user = sasl?.username ?? 'sluice'
  const certified = sasl === undefined && typeof tls === 'object' && tls.certFile !== undefined
  return {
    brokers: brokers.replaceAll(' ', '') || 'localhost:9092',
    principal: asked.principal ?? `User:${user}`,
    idempotentWrite: asked.oldBrokers,
    strimzi: {
      cluster: asked.cluster,
      namespace: asked.namespace,
      user: asked.user ?? user,
      authentication: certified ? 'tls' : 'scram-sha-512',
    },
  }
}

async function check(config: Config, { topics }: Needs, terminal: Terminal): Promise<void> {
  await using broker = await connected(config, [], terminal)
  const lines: string[] = []
  for (const topic of topics)
    try {
      const differences = differencesOf(topic, await broker.admin.topic(topic.name))
      lines.push(...differences.map(difference => `${topic.name} ${difference}.`))
    } catch (error) {
      lines.push(`${topic.name} cannot be looked at: ${Problem.from(error).message}`)
    }
  for (const line of lines) terminal.say(line)
  if (lines.length === 0) terminal.say(`All ${topics.length} topics are as they should be.`)
  else process.exitCode = 1
}
