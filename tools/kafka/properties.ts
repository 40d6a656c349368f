import type { CertificateFiles } from './certificates.ts'

/** The listeners of a broker, by Kafka's names of their protocols. The controller's is for the brokers among themselves. */
export type Listener = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL' | 'CONTROLLER'
export type Ports = Readonly<Partial<Record<Listener, number>>>
export type User = Readonly<{ username: string; password: string }>

/** What all nodes of a cluster have in common. */
export type Plan = Readonly<{
  ports: readonly Ports[] // of all nodes, in the order of their ids
  defaults: boolean
  user: User | null
  tls: CertificateFiles | null
  mutual: boolean
  extra: Readonly<Record<string, string>>
}>

export const host = '127.0.0.1'

export const listenersOf = (sasl: boolean, tls: boolean): readonly Listener[] => [
  'PLAINTEXT',
  ...(tls ? (['SSL'] as const) : []),
  ...(sasl ? (['SASL_PLAINTEXT'] as const) : []),
  ...(sasl && tls ? (['SASL_SSL'] as const) : []),
  'CONTROLLER',
]

/** The properties of one process that is broker and controller, as the text of its file. `data` is its folder. */
export function properties(id: number, data: string, plan: Plan): string {
  const nodes = plan.ports.length
  const copies = String(nodes)
  const own = Object.entries(plan.ports[id - 1] ?? {})
  const offered = own.filter(([listener]) => listener !== 'CONTROLLER')
  const addresses = (of: typeof own): string => of.map(([listener, port]) => `${listener}://${host}:${port}`).join(',')
  const all = {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': plan.ports.map((of, i) => `${i + 1}@${host}:${of.CONTROLLER}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: addresses(own),
    'advertised.listeners': addresses(offered),
    'listener.security.protocol.map': own.map(([name]) => `${name}:${protocol(name)}`).join(','),
    'log.dirs': data,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': nodes > 1 ? '2' : '1',
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': nodes > 1 ? '2' : '1',
    'default.replication.factor': copies,
    'min.insync.replicas': nodes > 1 ? '2' : '1',
    ...(!plan.defaults && quick(nodes)),
    ...(plan.tls !== null && tlsProperties(plan.tls, plan.mutual)),
    ...(plan.user !== null && saslProperties(plan.user)),
    ...plan.extra,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`)
  return lines.join('')
}

/**
 * What makes tests quicker than Kafka's defaults: groups begin at once; and a broker that was killed serves again after 3 s
 * instead of 9, as it is not admitted before the session of its dead self has ended. Among three that would also change when
 * leaders move, so there it stays.
 */
const quick = (nodes: number): Record<string, string> => ({
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '8',
  ...(nodes === 1 && { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' }),
})

const protocol = (listener: string): string => (listener === 'CONTROLLER' ? 'PLAINTEXT' : listener)

const tlsProperties = (files: CertificateFiles, mutual: boolean): Record<string, string> => ({
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': files.serverFile,
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': files.caFile,
  'listener.name.ssl.ssl.client.auth': mutual ? 'required' : 'none',
})

function saslProperties({ username, password }: User): Record<string, string> {
  const modules = 'org.apache.kafka.common.security'
  const plain = `${modules}.plain.PlainLoginModule required user_${username}="${password}";`
  const scram = `${modules}.scram.ScramLoginModule required;`
  return Object.fromEntries([
    ['sasl.enabled.mechanisms', 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512'],
    ...['sasl_plaintext', 'sasl_ssl'].flatMap(listener => [
      [`listener.name.${listener}.plain.sasl.jaas.config`, plain],
      [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`, scram],
      [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`, scram],
    ]),
  ])
}
