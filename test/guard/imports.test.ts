import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

type Part =
  | 'kernel'
  | 'routes'
  | 'resilience'
  | 'bridge'
  | 'telemetry'
  | 'config'
  | 'worker'
  | 'lab'
  | 'app'
  | 'console'
  | 'main'

const wiring: readonly Part[] = ['kernel', 'routes', 'resilience', 'bridge', 'telemetry', 'config', 'worker', 'lab']
/** Which part may import which, besides itself; docs/architecture.md draws it. `import type` is free. */
const allowed: Readonly<Record<Part, readonly Part[]>> = {
  kernel: [],
  routes: ['kernel'],
  resilience: ['kernel'],
  bridge: ['kernel'],
  telemetry: ['kernel'],
  config: ['kernel'],
  worker: ['kernel', 'bridge'],
  lab: [...wiring, 'app'],
  app: wiring,
  console: [], // the page
  main: [...wiring, 'app', 'console'],
}

/** The one home of each library: so that it can be replaced, and its traps are known in one place. */
const homes: Readonly<Record<string, string | readonly string[]>> = {
  '@bufbuild/protobuf': 'src/bridge/schemas/',
  '@scalar/api-reference': 'src/routes/', // for /docs: an optional peer
  '@opentelemetry/api': ['src/telemetry/otlp/', 'src/telemetry/traces/', 'src/worker/tracing.ts'],
  '@opentelemetry/exporter-metrics-otlp-proto': 'src/telemetry/otlp/',
  '@opentelemetry/exporter-trace-otlp-proto': 'src/telemetry/traces/',
  '@opentelemetry/resources': 'src/telemetry/otlp/',
  '@opentelemetry/sdk-metrics': 'src/telemetry/otlp/',
  '@opentelemetry/sdk-trace': 'src/telemetry/traces/',
  '@opentelemetry/semantic-conventions': ['src/telemetry/otlp/', 'src/telemetry/traces/'],
  ajv: 'src/bridge/schemas/',
  'ajv-formats': 'src/bridge/schemas/',
  avsc: 'src/bridge/schemas/',
  bottleneck: 'src/resilience/',
  commander: ['src/main.ts', 'src/commands/'],
  echarts: 'src/lab/', // for pictures: an optional peer
  express: 'src/routes/',
  'fastest-levenshtein': 'config/',
  'hdr-histogram-js': 'src/lab/',
  ioredis: 'src/resilience/',
  'ipaddr.js': ['src/routes/', 'src/bridge/deliver/'],
  jose: 'src/routes/',
  kafkajs: 'src/bridge/kafka/',
  'lru-cache': 'src/resilience/',
  opossum: 'src/resilience/',
  'p-retry': 'src/resilience/',
  pino: 'src/telemetry/',
  'pino-pretty': 'src/telemetry/',
  'prom-client': 'src/telemetry/',
  protobufjs: 'src/bridge/schemas/',
  re2js: 'src/bridge/schemas/',
  undici: 'src/bridge/',
  uplot: 'src/console/', // served to browsers as it is
  ws: 'src/routes/',
  yaml: ['config/', 'src/commands/topics/'],
  zod: 'config/',
}

const parts = new Set<string>(Object.keys(allowed))

/** What puts the parts together. */
const wires: ReadonlySet<string> = new Set(
  [
    'app',
    'calling',
    'calls',
    'changes',
    'deliveries',
    'gathering',
    'health',
    'index',
    'operations',
    'optional',
    'overview',
    'pages',
    'parts',
    'prepare',
    'receivers',
    'schemas',
    'strangling',
    'upstreams',
    'ways',
  ].map(name => `src/${name}.ts`),
)

/** The kernel is src/*.ts, but for the two ways in and what wires the parts. */
function partOf(file: string): Part {
  if (file.startsWith('config/')) return 'config'
  if (wires.has(file)) return 'app'
  if (file === 'src/main.ts' || file.startsWith('src/commands/')) return 'main'
  const folder = /^src\/(\w+)\//.exec(file)?.[1] ?? 'kernel'
  if (!parts.has(folder)) throw new Error(`${file}: a new folder; say in this test what it may import`)
  return folder as Part
}

/** What a source loads when it runs. Braces around types alone still load the file, so `import { type A }` counts. */
function loadedBy(source: string): readonly string[] {
  const bare = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const statement = /^(?:import|export)\s+(?!type\s)(?:[\w*\s{},$]+?\sfrom\s*)?['"]([^'"]+)['"]/gm
  const expression = /\bimport\(\s*['"]([^'"]+)['"]/g
  return [...bare.matchAll(statement), ...bare.matchAll(expression)].map(([, name = '']) => name)
}

/** Each policy has a folder, and others of src/ enter it by its index: what is not named there is its own affair. */
const lateDoors = [
  'src/resilience/quota/leases.ts',
  'src/resilience/repetition/paced.ts',
  'src/resilience/repetition/persist.ts',
] // brings libraries: loaded only when used
const roomOf = (file: string): string | null => /^src\/resilience\/\w+\//.exec(file)?.[0] ?? null

/** What an import breaks, or null. */
function broken(file: string, name: string): string | null {
  if (name.startsWith('node:')) return null
  if (!name.startsWith('.')) {
    const library = name.split('/', name.startsWith('@') ? 2 : 1).join('/')
    const home = homes[library]
    if (home === undefined)
      return `${file} imports ${library}, which has no home: give it one in this test, or do without`
    const rooms = typeof home === 'string' ? [home] : home
    return rooms.some(room => file.startsWith(room))
      ? null
      : `${file} imports ${library}, whose home is ${rooms.join(', ')}`
  }
  const target = join(dirname(file), name)
  if (!/^(src|config)\//.test(target)) return `${file} imports ${target}, which is not shipped`
  const [from, to] = [partOf(file), partOf(target)]
  const room = roomOf(target)
  if (room !== null && room !== roomOf(file) && target !== `${room}index.ts` && !lateDoors.includes(target))
    return `${file} imports ${target}: the door is ${room}index.ts`
  return from === to || allowed[from].includes(to) ? null : `${file} imports ${target}: ${from} may not load ${to}`
}

const read = (file: string): readonly (string | null)[] =>
  loadedBy(readFileSync(file, 'utf8')).map(name => broken(file, name))

test('folders load only what the architecture allows, and libraries only at their home', () => {
  const files = globSync(['src/**/*.ts', 'config/**/*.ts'], { exclude: ['**/*.d.ts'] })
  deepEqual(
    files.flatMap(read).filter(line => line !== null),
    [],
  )
})

test('every dependency has a home, and every home a dependency', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, object>
  deepEqual(Object.keys({ ...dependencies, ...peerDependencies }).toSorted(), Object.keys(homes).toSorted())
})

test('what loads is told from what is only a type', () => {
  deepEqual(
    loadedBy(`
import a from 'a'
import type { B } from 'b'
import { type C } from 'c'
import {
  d,
  type D,
} from "d"
import 'e'
export * from './f.ts'
export type { G } from './g.ts'
export { h } from './h.ts'
export const i = 'from "i"'
// import j from 'j'
/* import k from 'k' */
const l = await import('l')
import * as m from 'm'
`),
    ['a', 'c', 'd', 'e', './f.ts', './h.ts', 'm', 'l'],
  )
})

test('what the architecture forbids is found', () => {
  const lines = [
    broken('src/routes/a.ts', '../bridge/broker.ts'),
    broken('src/resilience/a.ts', '../../config/load.ts'),
    broken('src/call.ts', './app.ts'),
    broken('src/lab/a.ts', '../main.ts'),
    broken('src/bridge/a.ts', 'kafkajs'),
    broken('src/app.ts', 'left-pad'),
    broken('src/app.ts', '@scope/pad/deep'),
    broken('src/app.ts', '../test/help/call.ts'),
    broken('src/resilience/stack.ts', './circuit/window.ts'),
  ]
  deepEqual(lines, [
    'src/routes/a.ts imports src/bridge/broker.ts: routes may not load bridge',
    'src/resilience/a.ts imports config/load.ts: resilience may not load config',
    'src/call.ts imports src/app.ts: kernel may not load app',
    'src/lab/a.ts imports src/main.ts: lab may not load main',
    'src/bridge/a.ts imports kafkajs, whose home is src/bridge/kafka/',
    'src/app.ts imports left-pad, which has no home: give it one in this test, or do without',
    'src/app.ts imports @scope/pad, which has no home: give it one in this test, or do without',
    'src/app.ts imports test/help/call.ts, which is not shipped',
    'src/resilience/stack.ts imports src/resilience/circuit/window.ts: the door is src/resilience/circuit/index.ts',
  ])
  const right = [
    broken('src/worker/a.ts', '../bridge/wire/index.ts'),
    broken('src/routes/a.ts', '../problem.ts'),
    broken('src/main.ts', './app.ts'),
    broken('src/lab/a.ts', '../app.ts'),
    broken('src/bridge/kafka/a.ts', 'kafkajs/src/x.js'),
    broken('src/app.ts', 'node:http'),
    broken('src/resilience/stack.ts', './circuit/index.ts'),
    broken('src/resilience/circuit/a.ts', './window.ts'),
  ]
  deepEqual(right, [null, null, null, null, null, null, null, null])
})
