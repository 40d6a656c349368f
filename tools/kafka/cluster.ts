import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificates } from './certificates.ts'
import type { CertificateFiles } from './certificates.ts'
import { fetchJars } from './java.ts'
import { KafkaNode } from './node.ts'
import { choosePorts } from './ports.ts'
import { host, listenersOf, properties } from './properties.ts'
import type { Listener, Plan, User } from './properties.ts'
import { clusterId, prepare } from './storage.ts'
import { watchdog } from './watchdog.ts'

export { kafkaAvailable } from './java.ts'
export type { KafkaNode } from './node.ts'

export type KafkaOptions = Readonly<{
  brokers?: 1 | 3
  port?: number // of the first broker, the others follow; default: free ones
  properties?: Readonly<Record<string, string>> // of every broker, above ours
  dir?: string // keeps the data there; default: a temporary folder that goes with the cluster
  defaults?: boolean // Kafka's own defaults where ours are quicker: groups wait 3 s, a killed broker is admitted after 9 s
  sasl?: User // adds listeners with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 for this one user
  tls?: boolean | 'mutual' // adds a listener with TLS; `mutual` asks for the client's certificate
  progress?: (line: string) => void
}>

/** A running cluster. It dies with this process, however that ends. */
export interface KafkaCluster extends AsyncDisposable {
  readonly brokers: string // host:port,host:port of the plain listeners
  /** Addresses by listener; empty for those that were not asked for. */
  readonly addresses: Readonly<Record<Exclude<Listener, 'CONTROLLER'>, string>>
  readonly files: CertificateFiles | null
  readonly nodes: readonly KafkaNode[]
  readonly folder: string // properties, logs and data of all nodes
  /** Ends all processes, and removes the data unless it was given a folder. */
  close(): Promise<void>
}

/** Starts a broker, or three, and resolves once all serve. Throws one line that says what is missing, or the broker's log. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const { sasl = null, dir, progress = () => {} } = options
  if (sasl !== null && !/^[\w.@-]+:[\w.@-]+$/.test(`${sasl.username}:${sasl.password}`))
    throw new Error('Name and password of the user: letters, digits and . _ @ - only.')
  await fetchJars(progress)
  const folder = dir ?? mkdtempSync(join(tmpdir(), 'sluice-kafka-'))
  mkdirSync(folder, { recursive: true })
  const dog = watchdog(dir === undefined ? folder : null)
  try {
    const plan = await planFor(options, folder)
    const nodes: KafkaNode[] = []
    const changed = (): void => dog.watch(nodes.flatMap(node => node.pid ?? []))
    const heap = plan.ports.length === 1 ? '1g' : '512m'
    for (const [i, ports] of plan.ports.entries())
      nodes.push(new KafkaNode({ id: i + 1, port: ports.PLAINTEXT!, folder, heap, changed }))
    progress(nodes.length === 1 ? 'Starting the broker …' : `Starting ${nodes.length} brokers …`)
    for (const { id, path } of nodes) writeFileSync(`${path}.properties`, properties(id, path, plan))
    await Promise.all(nodes.map(({ path }) => prepare(`${path}.properties`, clusterId(folder), sasl)))
    for (const node of nodes) node.launch()
    await Promise.all(nodes.map(node => node.serves(nodes.length)))
    return handle(nodes, plan, folder, async () => {
      // what is thrown away need not be shut down in order; three that go at once would wait for each other
      await Promise.all(nodes.map(node => (dir === undefined ? node.kill9() : node.terminate())))
      await dog.bite()
    })
  } catch (error) {
    await dog.bite()
    throw error
  }
}

async function planFor({ brokers = 1, port, sasl, tls = false, ...rest }: KafkaOptions, folder: string): Promise<Plan> {
  return {
    ports: await choosePorts(brokers, listenersOf(sasl !== undefined, tls !== false), port),
    defaults: rest.defaults ?? false,
    user: sasl ?? null,
    tls: tls === false ? null : makeCertificates(folder),
    mutual: tls === 'mutual',
    extra: rest.properties ?? {},
  }
}

function handle(nodes: readonly KafkaNode[], plan: Plan, folder: string, end: () => Promise<void>): KafkaCluster {
  const addresses = (listener: Listener): string =>
    plan.ports.flatMap(ports => (ports[listener] === undefined ? [] : `${host}:${ports[listener]}`)).join(',')
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= end())
  return {
    brokers: addresses('PLAINTEXT'),
    addresses: {
      PLAINTEXT: addresses('PLAINTEXT'),
      SSL: addresses('SSL'),
      SASL_PLAINTEXT: addresses('SASL_PLAINTEXT'),
      SASL_SSL: addresses('SASL_SSL'),
    },
    files: plan.tls,
    nodes,
    folder,
    close,
    [Symbol.asyncDispose]: close,
  }
}
