// npm run proof [-- NAME … | all] [--short]: plays the proofs of the laboratory on a real broker of its own.
import { connect } from 'node:net'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Child } from '../src/lab/child.ts'
import { patiently } from '../src/lab/gateway.ts'
import type { OpenTarget } from '../src/lab/gateway.ts'
import { draw } from '../src/lab/picture.ts'
import { play } from '../src/lab/play.ts'
import { proofs } from '../src/lab/proofs/index.ts'
import type { Proof } from '../src/lab/proof.ts'
import type { OpenWorker, Stage } from '../src/lab/run.ts'
import { failing, table } from '../src/lab/verdict.ts'
import { freePort } from '../bench/process.ts'
import { startKafka } from './kafka/cluster.ts'

const root = join(import.meta.dirname, '..')
const docs = join(root, 'docs', 'proofs')
process.removeAllListeners('warning') // kafkajs sets negative timeouts, and Node 24 says so

/** The gateway of bench/, to be put beside. */
const naive: OpenTarget = async ({ brokers, commands, replies }) => {
  const port = await freePort()
  const env = { KAFKA_BROKERS: brokers, PORT: String(port), COMMANDS: commands, REPLIES: replies }
  const child = new Child('the naive gateway', [join(root, 'bench', 'naive.ts')], env)
  await patiently('It does not listen', child, () => listens(port))
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

const listens = (port: number): Promise<true | null> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(null))
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

/** Plays one proof on a broker of its own; true when everything holds. */
async function prove({ name, title, prove }: Proof, short: boolean, write: boolean): Promise<boolean> {
  await using kafka = await startKafka({ defaults: false })
  const [node] = kafka.nodes
  const stage: Stage = {
    brokers: kafka.brokers,
    pids: () => kafka.nodes.flatMap(({ pid }) => pid ?? []),
    broker: node === undefined ? null : { kill: () => node.kill9(), start: () => node.restart() },
    say: line => console.error(line),
  }
  const { figures, picture } = await prove({ short, naive, worker, play: scene => play(scene, stage) })
  const holds = failing(figures).length === 0
  const told = `${table(title, figures)}\n\n${name}: ${holds ? 'holds' : 'FAILS'}\n`
  console.log(`\n${told}`)
  const folder = write ? docs : process.env['SLUICE_PROOFS']
  if (folder === undefined) return holds
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.svg`), await draw(picture))
  writeFileSync(join(folder, `${name}.txt`), told)
  console.log(`The picture: ${join(folder, `${name}.svg`)}`)
  return holds
}

const help = `npm run proof                  lists the proofs
npm run proof -- NAME …        plays some of them, on a real broker of its own (Java 17 and Maven)
npm run proof -- all           plays all of them

  --short    in less time, for a look; writes nothing`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})
const unknown = positionals.filter(name => name !== 'all' && !proofs.some(proof => proof.name === name))
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}.\n\n${help}`)
  process.exit(1)
}
if (values.help || positionals.length === 0) {
  console.log(`${help}\n\n${proofs.map(({ name, title }) => `  ${name.padEnd(18)}${title}`).join('\n')}`)
  process.exit(0)
}
for (const proof of proofs)
  if (positionals.includes('all') || positionals.includes(proof.name))
    if (!(await prove(proof, values.short, !values.short))) process.exitCode = 1
process.exit()
