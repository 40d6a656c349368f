// npm run proof [-- NAME … | all] [--faster N]: plays the scenarios of scenarios/proofs, each on a real broker of its own.
import { connect } from 'node:net'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadScenario } from '../config/scenario/load.ts'
import { freePort } from '../bench/process.ts'
import { pause } from '../src/clock.ts'
import { Child } from '../src/lab/child.ts'
import { explore } from '../src/lab/explore.ts'
import type { OpenTarget } from '../src/lab/gateway.ts'
import { hasten } from '../src/lab/hasten.ts'
import type { Guests, OpenWorker } from '../src/lab/onkafka.ts'
import { startOwnKafka } from '../src/lab/ownkafka.ts'
import type { Column, Picture } from '../src/lab/panel.ts'
import { draw } from '../src/lab/picture.ts'
import { panelsOf } from '../src/lab/report/panels.ts'
import type { Result } from '../src/lab/result.ts'
import { told } from '../src/lab/told.ts'
import { failing, table } from '../src/lab/verdict.ts'
import { durability } from '../test/durability/proof.ts'

const root = join(import.meta.dirname, '..')
const docs = join(root, 'docs', 'proofs')
process.removeAllListeners('warning') // kafkajs sets negative timeouts, and Node 24 says so

type Part = Readonly<{ scenario: string; beside?: boolean; guests?: Guests }>
/** Each promise, and the scenarios of scenarios/proofs that put it to the test; `beside`: the naive gateway plays it, too. */
const proofs: Readonly<Record<string, Readonly<{ title: string; parts: () => readonly Part[] }>>> = {
  overload: {
    title: 'Three and ten times as much is asked as the workers can do, half of them die, one key is hot',
    parts: () => [
      { scenario: 'overload', beside: true },
      { scenario: 'half-of-the-workers' },
      { scenario: 'one-key' },
      { scenario: 'own-process', guests: { worker } },
    ],
  },
  metastable: {
    title: 'The workers stand still for 20 s at 80 % load, and clients repeat what fails',
    parts: () => [{ scenario: 'metastable', beside: true }],
  },
  'dead-worker': {
    title: 'Nobody answers at 300 requests a second: workers that hang, stand still, leave, or are killed',
    parts: () => [{ scenario: 'silent-workers' }, { scenario: 'absent-workers' }],
  },
  fairness: {
    title: 'Who is served when not all can be: by priority, and whatever a noisy client does',
    parts: () => [{ scenario: 'priority' }, { scenario: 'noisy-client' }],
  },
  'stuck-partition': {
    title: 'One partition of twelve is stuck, and the others go on',
    parts: () => [{ scenario: 'stuck-partition' }],
  },
  'own-consumer': { title: 'Our own reader of the replies dies', parts: () => [{ scenario: 'own-reader' }] },
}

/** The gateway of bench/, to be put beside. */
const naive: OpenTarget = async ({ brokers, commands, replies }) => {
  const port = await freePort()
  const env = { KAFKA_BROKERS: brokers, PORT: String(port), COMMANDS: commands, REPLIES: replies }
  const child = new Child('the naive gateway', [join(root, 'bench', 'naive.ts')], env)
  while (!(await listens(port)))
    if (child.alive) await pause(20)
    else throw new Error(`It has ended:\n${child.said}`)
  return {
    name: 'naive',
    pid: child.pid,
    port,
    metrics: () => Promise.resolve(null),
    readyStatus: () => Promise.resolve(null),
    signal: signal => child.signal(signal),
    close: () => child.end(),
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** The worker of bench/: it answers everything at once, and costs next to nothing. */
const worker: OpenWorker = async (brokers, topic) => {
  const child = new Child<object, Readonly<{ kind: 'ready' }>>(
    'the worker',
    [join(root, 'bench', 'worker.ts'), topic],
    {
      KAFKA_BROKERS: brokers,
    },
  )
  await child.told('ready')
  return { pid: child.pid, [Symbol.asyncDispose]: () => child.end() }
}

/** What fails of what was asked for. */
const failed = ({ objectives, ledger }: Result): number => failing([...objectives, ...ledger]).length

async function played(name: string, guests: Guests, faster: number): Promise<Result> {
  const { scenario } = loadScenario(join(root, 'scenarios', 'proofs', `${name}.yaml`))
  if (scenario === null)
    throw new Error(`${name} does not hold: npx sluice lab scenarios/proofs/${name}.yaml tells why.`)
  const variant = guests.gateway === undefined ? '' : 'a naive gateway'
  const manner = { name, variant, overlay: {}, target: false, startKafka: startOwnKafka, guests }
  return await explore(hasten(scenario, faster), manner, { say: line => console.error(line) })
}

type Proven = Readonly<{ holds: boolean; text: string; picture: Picture }>

/** Plays the scenarios of one proof. */
async function proven(name: string, faster: number): Promise<Proven> {
  const { title = '', parts = () => [] } = proofs[name] ?? {}
  const ours: Result[] = []
  const theirs: Result[] = []
  for (const { scenario, beside = false, guests = {} } of parts()) {
    ours.push(await played(scenario, guests, faster))
    if (beside) theirs.push(await played(scenario, { gateway: naive }, faster))
  }
  const holds = ours.every(result => failed(result) === 0)
  const texts = [...ours, ...theirs].map(result =>
    told(result.variant === '' ? result.name : `${result.name}, ${result.variant}`, result),
  )
  const drawn = theirs.length > 0 ? [...ours.slice(0, 1), ...theirs] : ours
  return { holds, text: texts.join('\n\n'), picture: { title, columns: drawn.map(columnOf) } }
}

/** The ledger of what was accepted, for which processes and disks are broken that no scenario knows. */
async function ledger(faster: number): Promise<Proven> {
  const { figures, picture } = await durability.prove(faster, line => console.error(line))
  return { holds: failing(figures).length === 0, text: table(durability.title, figures), picture }
}

/** Plays one proof; true when everything holds. */
async function prove(name: string, faster: number): Promise<boolean> {
  const { holds, text: said, picture } = await (name === durability.name ? ledger(faster) : proven(name, faster))
  const text = `${said}\n\n${name}: ${holds ? 'holds' : 'FAILS'}\n`
  console.log(`\n${text}`)
  const folder = faster === 1 ? docs : process.env['SLUICE_PROOFS']
  if (folder === undefined) return holds
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.svg`), await draw(picture))
  writeFileSync(join(folder, `${name}.txt`), text)
  console.log(`The picture: ${join(folder, `${name}.svg`)}`)
  return holds
}

function columnOf(result: Result): Column {
  const [first] = result.objectives
  return {
    title: result.variant === '' ? result.title : result.variant,
    headline: first === undefined ? '' : `${first.name}: ${first.measured}`,
    good: failed(result) === 0,
    shades: result.faults.map(({ label, fromMs, toMs }) => ({ label, fromMs, toMs, fault: true })),
    panels: panelsOf(result).map(({ panel }) => panel),
  }
}

const help = `npm run proof                  lists the proofs
npm run proof -- NAME …        plays some of them, on real brokers of its own (Java 17 and Maven)
npm run proof -- all           plays all of them

  --faster N    in so many times less time, for a look: what is asked is for the whole, and nothing is written`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { faster: { type: 'string', default: '1' }, help: { type: 'boolean', default: false } },
})
const titles = new Map([
  ...Object.entries(proofs).map(([name, { title }]) => [name, title] as const),
  [durability.name, durability.title],
])
const unknown = positionals.filter(name => name !== 'all' && !titles.has(name))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}.\n\n${help}`)
  process.exit(1)
}
if (values.help || positionals.length === 0) {
  const list = [...titles].map(([name, title]) => `  ${name.padEnd(18)}${title}`)
  console.log(`${help}\n\n${list.join('\n')}`)
  process.exit(0)
}
for (const name of titles.keys())
  if (positionals.includes('all') || positionals.includes(name))
    if (!(await prove(name, Number(values.faster)))) process.exitCode = 1
process.exit()
