import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { parseAllDocuments } from 'yaml'
import { format, load } from '../../config/load.ts'
import { needsOf } from '../../src/bridge/needs.ts'
import { isResourceName, strimzi } from '../../src/commands/topics/strimzi.ts'
// What the CRDs of Strimzi 1.2.0 say of `spec`; of Kafka and KafkaNodePool only what is written here, all else is unknown.
import definitions from '../fixtures/strimzi.json' with { type: 'json' }

const folder = join(import.meta.dirname, '../../examples/strimzi')
type Resource<Spec = object> = Readonly<{
  apiVersion: string
  kind: keyof typeof definitions
  metadata: { name: string; labels: Record<string, string> }
  spec: Spec
}>
type Secured = Readonly<{ authentication: { type: string } }>
type Kafka = Readonly<{ kafka: { listeners: [Secured & { port: number; tls: boolean }] } }>
type Labels = Readonly<Record<string, string>>
type Selecting = Readonly<{ selector: { matchLabels: Labels } }>
type Pod = Readonly<{
  containers: [Container]
  securityContext: { runAsNonRoot: boolean }
  terminationGracePeriodSeconds: number
  volumes: { name: string; secret?: { secretName: string; items: [{ key: string; path: string }] } }[]
}>
type Container = Readonly<{
  args: string[]
  ports: object[]
  startupProbe: { httpGet: object }
  livenessProbe: { httpGet: object }
  readinessProbe: { httpGet: object }
  securityContext: { runAsUser: number; readOnlyRootFilesystem: boolean }
  volumeMounts: { name: string; mountPath: string; subPath?: string }[]
}>
type Deployment = Selecting & Readonly<{ replicas: number; template: { metadata: { labels: Labels }; spec: Pod } }>

const documents = (text: string): readonly Resource[] =>
  parseAllDocuments(text).map(document => document.toJS() as Resource)
const written = (file: string): readonly Resource[] => documents(readFileSync(join(folder, file), 'utf8'))
const ofKind = <Spec = object>(all: readonly Resource[], kind: string): Resource<Spec> =>
  all.find(each => each.kind === kind) as Resource<Spec>

const { config, mistakes } = load(join(folder, 'gateway.yaml'), { env: {}, files: false })
const [kafka, topics, gateway] = [written('kafka.yaml'), written('topics.yaml'), written('sluice.yaml')]
const deployment = ofKind<Deployment>(gateway, 'Deployment')
const user = ofKind<Secured>(topics, 'KafkaUser')
const pod = deployment.spec.template.spec
const [container] = pod.containers

test('its topics and its user are what the command writes', () => {
  equal(format(mistakes), '')
  const cluster = {
    brokers: '',
    principal: '',
    idempotentWrite: false,
    strimzi: { cluster: 'kafka', namespace: undefined, user: 'sluice', authentication: 'scram-sha-512' },
  } as const
  deepEqual(topics, documents(strimzi(needsOf(config!, 3), cluster)))
})

test('Strimzi knows every field of its resources', () => {
  const ajv = new Ajv({ allErrors: true, strict: false })
  for (const { apiVersion, kind, metadata, spec } of [...kafka, ...topics]) {
    const known = definitions[kind]
    equal(apiVersion, known.apiVersion)
    ok(isResourceName(metadata.name), metadata.name)
    const validate = ajv.compile(known.spec)
    ok(validate(spec), `${kind} ${metadata.name}: ${ajv.errorsText(validate.errors)}`)
  }
})

test('what Strimzi does not know is found by that', () => {
  const ajv = new Ajv({ strict: false })
  const { spec } = ofKind(topics, 'KafkaUser')
  const before1 = {
    ...spec,
    authorization: { type: 'simple', acls: [{ resource: { type: 'topic' }, operation: 'Read' }] },
  }
  equal(ajv.compile(definitions.KafkaUser.spec)(before1), false)
  equal(ajv.compile(definitions.KafkaTopic.spec)({ topic: 'orders' }), false)
})

test('the gateway comes to the listener of the cluster as the user that is made there', () => {
  const { metadata, spec } = ofKind<Kafka>(kafka, 'Kafka')
  const [listener] = spec.kafka.listeners
  const broker = config!.broker
  equal(broker.brokers, `${metadata.name}-kafka-bootstrap:${listener.port}`)
  ok(listener.tls && typeof broker.tls === 'object')
  equal(broker.sasl?.mechanism, listener.authentication.type)
  equal(broker.sasl?.username, user.metadata.name)
  equal(user.spec.authentication.type, listener.authentication.type)
  equal(broker.createTopics, false)
  for (const each of [...topics, ofKind(kafka, 'KafkaNodePool')])
    equal(each.metadata.labels['strimzi.io/cluster'], metadata.name)
})

test('its files are those of the Secrets that Strimzi writes, in folders that are renewed', () => {
  const { caFile } = config!.broker.tls as { caFile: string }
  const { passwordFile } = config!.broker.sasl!
  const mountOf = (name: string) => container.volumeMounts.find(mount => mount.name === name)!
  const fileOf = (secretName: string, known: readonly string[]): string => {
    const { name, secret } = pod.volumes.find(volume => volume.secret?.secretName === secretName)!
    const [{ key, path }] = secret!.items
    ok(known.includes(key), key)
    equal(mountOf(name).subPath, undefined)
    return `${mountOf(name).mountPath}/${path}`
  }
  equal(caFile, fileOf(`${ofKind(kafka, 'Kafka').metadata.name}-cluster-ca-cert`, ['ca.crt', 'ca.p12', 'ca.password']))
  equal(passwordFile, fileOf(user.metadata.name, ['password', 'sasl.jaas.config']))
  deepEqual(container.args, ['start', `${mountOf('config').mountPath}/gateway.yaml`])
})

test('the pod is probed where the gateway listens, ends after it has drained, and is not root', () => {
  const { admin, server, drain } = config!
  deepEqual(container.ports, [
    { name: 'http', containerPort: server.port },
    { name: 'admin', containerPort: admin.port },
  ])
  equal(admin.host, '0.0.0.0')
  for (const probe of [container.startupProbe, container.livenessProbe])
    deepEqual(probe.httpGet, { path: '/livez', port: 'admin' })
  deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port: 'admin' })
  ok(drain.delayMs > 0 && drain.delayMs + drain.limitMs + 5_000 < pod.terminationGracePeriodSeconds * 1_000)
  ok(pod.securityContext.runAsNonRoot && container.securityContext.readOnlyRootFilesystem)
  match(
    readFileSync(join(folder, '../../Dockerfile'), 'utf8'),
    new RegExp(`^USER ${container.securityContext.runAsUser}:`, 'm'),
  )
})

test('the budget and the Service are about these pods', () => {
  const labels = deployment.spec.template.metadata.labels
  deepEqual(deployment.spec.selector.matchLabels, labels)
  const { maxUnavailable, selector } = ofKind<Selecting & { maxUnavailable: number }>(
    gateway,
    'PodDisruptionBudget',
  ).spec
  deepEqual(selector.matchLabels, labels)
  ok(maxUnavailable < deployment.spec.replicas)
  deepEqual(ofKind<{ selector: Labels }>(gateway, 'Service').spec.selector, labels)
})
