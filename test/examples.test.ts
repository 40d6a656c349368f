import { after, test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { globSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { format, load } from '../config/load.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const CERTS = mkdtempSync(join(tmpdir(), 'sluice-')) // what a script of the example makes, or Kubernetes mounts
for (const name of ['ca.pem', 'server.crt', 'server.key', 'ca/ca.crt', 'user/password']) {
  mkdirSync(dirname(join(CERTS, name)), { recursive: true })
  writeFileSync(join(CERTS, name), 'text')
}
after(() => rmSync(CERTS, { recursive: true }))
const env = { KAFKA_BROKERS: 'localhost:9092', CERTS, SECRETS: CERTS }

for (const file of globSync('examples/**/gateway.yaml', { cwd: root }))
  test(`${file} is a configuration that holds`, () => {
    equal(format(load(join(root, file), { env }).mistakes), '')
  })

test('each example has a README, and a page leads to it', () => {
  const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })].map(read).join('')
  const examples = readdirSync(join(root, 'examples'), { withFileTypes: true }).filter(entry => entry.isDirectory())
  for (const { name } of examples) {
    match(read(`examples/${name}/README.md`), /^# \S/, name)
    match(pages, new RegExp(String.raw`\]\((\.\./)?examples/${RegExp.escape(name)}\)`), name)
  }
})

type Probe = Readonly<{ httpGet: { path: string; port: string } }>
type Sidecar = Readonly<{
  args: string[]
  ports: { name: string; containerPort: number }[]
  startupProbe: Probe
  livenessProbe: Probe
  readinessProbe: Probe
  volumeMounts: { mountPath: string }[]
}>

test('the pod of the sidecar asks on the port that its configuration opens to the kubelet', () => {
  const pod = parse(read('examples/sidecar/pod.yaml')) as { spec: { initContainers: [Sidecar] } }
  const [sluice] = pod.spec.initContainers
  const { config } = load(join(root, 'examples/sidecar/gateway.yaml'), { env })
  deepEqual(sluice.ports, [{ name: 'admin', containerPort: config?.admin.port }])
  equal(config?.admin.host, '0.0.0.0')
  equal(config?.server.host, '127.0.0.1')
  for (const probe of [sluice.startupProbe, sluice.livenessProbe])
    deepEqual(probe.httpGet, { path: '/livez', port: 'admin' })
  deepEqual(sluice.readinessProbe.httpGet, { path: '/readyz', port: 'admin' })
  deepEqual(sluice.args, ['start', `${sluice.volumeMounts[0]?.mountPath}/gateway.yaml`])
})

test('the image runs the Node that the tests run', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
  equal(/^FROM node:([\d.]+)-/m.exec(read('Dockerfile'))?.[1], devDependencies.node)
})
