// npm run bench:before -- COMMIT [COMMIT]: what has been built since costs those who use none of it. The gateway of an earlier commit and
// that of a later one (without one: as it stands here) by turns, on the embedded broker with the demo worker inside; and a third, as it
// stands here, whose other routes have schemas, identity, tenants, CORS and codings. The median of alternating rounds counts.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { firstAnswer, freePort, generate, Running } from './process.ts'

const [earlier, later] = process.argv.slice(2)
if (earlier === undefined) throw new Error('npm run bench:before -- COMMIT [COMMIT]')
const atLeast = 0.97
const rounds = Number(process.env['ROUNDS'] ?? 5)
const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
using held = new DisposableStack()
held.defer(() => rmSync(folder, { recursive: true }))

/** The sources of a commit, with the libraries of today. */
function checkedOut(commit: string): string {
  const place = join(folder, commit)
  git('worktree', 'add', '--quiet', '--detach', place, commit)
  held.defer(() => void git('worktree', 'remove', '--force', place))
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'))
  return place
}

/** The configuration of the benchmark with routes beside it that use everything. */
function crowded(): string {
  const config = parse(readFileSync(join(root, 'bench/gateway.yaml'), 'utf8')) as { routes: Record<string, object> }
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const schema = file(
    'order.json',
    '{"type":"object","required":["orderId"],"properties":{"orderId":{"type":"string"}}}',
  )
  const keys = file('keys.txt', `acme:sha256$${'0'.repeat(64)}:orders:write\n`)
  const issuer = 'https://issuer.example'
  const jwks = { file: file('jwks.json', '{"keys":[]}') }
  const { 'place-order': alone = {} } = config.routes
  return file(
    'crowded.yaml',
    stringify({
      ...config,
      identity: {
        providers: { shop: { jwt: { issuer, audience: 'orders', jwks } }, partners: { apiKeys: { file: keys } } },
      },
      tenants: { from: 'claim.tenant', others: { inFlight: 100 } },
      routes: {
        'place-order': { ...alone, tenant: 'none' },
        known: {
          match: 'POST /known',
          command: { to: 'orders', key: 'body.orderId' },
          identity: 'required',
          schema: { request: { file: schema }, reply: { file: schema } },
          cors: { origins: ['https://shop.example'] },
          decode: ['gzip', 'zstd'],
          compress: {},
        },
      },
    }),
  )
}

type Gateway = Readonly<{ name: string; running: Running; port: number; perSecond: number[]; cpuUs: number[] }>

async function open(name: string, place: string, configuration: string): Promise<Gateway> {
  const [port, adminPort] = [await freePort(), await freePort()]
  const set = [`server.port=${port}`, `admin.port=${adminPort}`, 'broker.createTopics=true', 'log.level=silent']
  const args = ['src/main.ts', 'start', configuration, '--demo', ...set.flatMap(one => ['--set', one])]
  const running = new Running(name, args, { KAFKA_BROKERS: '' }, false, process.execPath, place)
  await firstAnswer(running, port, performance.now())
  return { name, running, port, perSecond: [], cpuUs: [] }
}

async function measure(gateway: Gateway, warmMs: number, measureMs: number): Promise<void> {
  let [before, after] = [0, 0]
  const task = { connections: 64, warmMs, measureMs, port: gateway.port }
  const { answered, seconds } = await generate('bench/load.ts', task, {}, border => {
    if (border === 'begin') before = gateway.running.cpuUs()
    else after = gateway.running.cpuUs()
  })
  gateway.running.expectAlive()
  gateway.perSecond.push(answered / seconds)
  gateway.cpuUs.push((after - before) / answered)
}

const usual = 'bench/gateway.yaml'
mkdirSync(folder, { recursive: true })
const gateways = [
  await open('before', checkedOut(git('rev-parse', '--short', earlier)), usual),
  await open('after', later === undefined ? root : checkedOut(git('rev-parse', '--short', later)), usual),
  await open('beside everything', root, crowded()),
]
for (const gateway of gateways) await measure(gateway, 0, 5_000)
for (const { perSecond, cpuUs } of gateways) perSecond.length = cpuUs.length = 0
for (let round = 0; round < rounds; round++)
  for (const gateway of [...gateways.slice(round % 3), ...gateways.slice(0, round % 3)]) {
    await measure(gateway, 500, 3_000)
    const { name, perSecond, cpuUs } = gateway
    console.log(
      `${round + 1}  ${name.padEnd(17)}  ${perSecond[round]?.toFixed(0)}/s  ${cpuUs[round]?.toFixed(1)} µs of CPU`,
    )
  }
for (const { running } of gateways) await running.stop()

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0
const ratio = (mine: readonly number[], theirs: readonly number[]): number =>
  median(mine.map((one, round) => one / (theirs[round] ?? one)))
const [before, after, beside] = gateways
if (before === undefined || after === undefined || beside === undefined) throw new Error('Somebody is missing.')
const told = (what: string, of: Gateway, against: Gateway): void => {
  const throughput = ratio(of.perSecond, against.perSecond)
  const cpu = ratio(of.cpuUs, against.cpuUs)
  console.log(
    `${what}: ${throughput.toFixed(3)} of the throughput (at least ${atLeast}), ${cpu.toFixed(3)} times the CPU an answer.`,
  )
  if (throughput < atLeast) process.exitCode = 1
}
told('None of it on, after ÷ before', after, before)
told('None of it on a route, everything on another', beside, later === undefined ? after : before)
