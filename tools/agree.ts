// npm run lab:agree [-- SECONDS]: the laboratory's generator beside wrk, on the same steady load, and alone at 10,000 a second.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSocketServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { precisely, wallClock } from '../src/clock.ts'
import { beside, Child } from '../src/lab/child.ts'
import type { FromGenerator, ToGenerator } from '../src/lab/generate.ts'
import type { Generated } from '../src/lab/generator.ts'
import { cpuMs } from '../src/lab/process.ts'
import type { Population } from '../src/lab/population.ts'
import { constant } from '../src/lab/rate.ts'
import { figure, note, table } from '../src/lab/verdict.ts'
import type { Figure } from '../src/lab/verdict.ts'

const users = 50
const meanMs = 50 // of an answer, between half and one and a half of it: with so many users this is the rate
const rounds = 5 // by turns, as the machine is not the same from one to the next
const tolerance = 5 // percent
const rates = [10_000, 7_500, 5_000, 2_500]
const body = '{"id":"{{id}}"}'
const request = { method: 'POST', path: '/', headers: {}, body }

/** A server that answers with what it was sent, after a while. */
const slowServer = (): Server =>
  createServer((req, res) => {
    let text = ''
    req.on('data', chunk => (text += String(chunk)))
    req.on('end', () =>
      precisely(meanMs * (0.5 + Math.random()), () => {
        res.setHeader('content-length', Buffer.byteLength(text)).end(text)
      }),
    )
  })

/** One that answers at once and costs next to nothing: a request comes as one piece. */
const instantServer = (): Server =>
  createSocketServer({ noDelay: true }, socket => {
    socket.on('error', () => {})
    socket.on('data', chunk => {
      const text = chunk.subarray(chunk.indexOf('\r\n\r\n') + 4).toString('latin1')
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`, 'latin1')
    })
  })

async function serve(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.({ kind: 'serving', port: (server.address() as AddressInfo).port })
  process.once('disconnect', () => process.exit())
}

type Measured = Readonly<{ perSecond: number; p50: number; p99: number; cpuMicros: number }>

async function agree(forMs: number): Promise<void> {
  if (spawnSync('wrk', ['--version']).error !== undefined) {
    console.error('wrk is not there: install it (the package wrk of most systems), and try again.')
    process.exit(2)
  }
  const figures = [...(await together(forMs)), ...(await alone(forMs))]
  console.log(table(`${users} users, answers after ${meanMs / 2} to ${meanMs * 1.5} ms, ${rounds} rounds`, figures))
  process.exit(figures.some(({ holds }) => holds === false) ? 1 : 0)
}

/** Both generators by turns, on the same steady load. */
async function together(forMs: number): Promise<readonly Figure[]> {
  const { port } = await start('slow')
  const generator = await Clients.start(port)
  const roundMs = Math.round(forMs / rounds)
  const closed = { users, thinkMs: 0, forMs: roundMs }
  const [ours, theirs]: [Measured[], Measured[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    ours.push(measured(await generator.play({ name: 'users', rate: [], closed, patienceMs: 5_000, request }), roundMs))
    theirs.push(await wrk(port, roundMs))
  }
  const middle = (of: readonly Measured[], read: (each: Measured) => number): number =>
    of.map(read).toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0
  const row = (name: string, read: (each: Measured) => number, unit: string): Figure =>
    within(name, middle(ours, read), middle(theirs, read), unit)
  const cpu = (of: readonly Measured[]): string => `${middle(of, ({ cpuMicros }) => cpuMicros).toFixed(0)} µs`
  return [
    row('answers a second', ({ perSecond }) => perSecond, ''),
    row('half of the answers within', ({ p50 }) => p50, ' ms'),
    row('99 of 100 answers within', ({ p99 }) => p99, ' ms'),
    note('CPU of a request, laboratory and wrk', `${cpu(ours)} and ${cpu(theirs)}`),
  ]
}

/** The laboratory's generator before a server that costs next to nothing: how much of a rate it keeps to. */
async function alone(forMs: number): Promise<readonly Figure[]> {
  const { port } = await start('instant')
  const generator = await Clients.start(port)
  const figures: Figure[] = []
  for (const perSecond of rates) {
    const open = { name: 'open', rate: constant(perSecond, forMs), patienceMs: 5_000, request }
    const { run, cpuMicros } = await generator.play(open)
    const sent = run.late.count / (forMs / 1_000)
    const p99 = run.late.p99 ?? Infinity
    figures.push(
      note(
        `alone, ${perSecond} a second`,
        `${sent.toFixed(0)} sent, later than intended by ${run.late.p50} (p50) and ${p99} ms (p99), ${cpuMicros.toFixed(0)} µs of CPU each`,
      ),
    )
    if (p99 < 1 && Math.abs(sent / perSecond - 1) < 0.05) break
  }
  return figures
}

const within = (name: string, ours: number, theirs: number, unit: string): Figure => {
  const apart = Math.abs(ours / theirs - 1) * 100
  const measured = `${ours.toFixed(1)}${unit} and ${theirs.toFixed(1)}${unit}: ${apart.toFixed(1)} % apart`
  return figure(name, `${tolerance} % apart at most`, measured, apart <= tolerance)
}

async function start(kind: 'slow' | 'instant'): Promise<Readonly<{ port: number }>> {
  type Serving = Readonly<{ kind: 'serving'; port: number }>
  const server = new Child<object, Serving>('the server', [import.meta.filename, 'serve', kind])
  return await server.told('serving')
}

type Played = Readonly<{ run: Generated; cpuMicros: number }>

/** The laboratory's generator as a process, warm. */
class Clients {
  readonly #child: Child<ToGenerator, FromGenerator>
  readonly #port: number

  constructor(child: Child<ToGenerator, FromGenerator>, port: number) {
    this.#child = child
    this.#port = port
  }

  static async start(port: number): Promise<Clients> {
    const child = new Child<ToGenerator, FromGenerator>('the generator', [beside('generate.ts')])
    await child.told('ready')
    const clients = new Clients(child, port)
    await clients.play({ name: 'warm', rate: constant(2_000, 2_000), patienceMs: 5_000, request })
    return clients
  }

  async play(of: Population): Promise<Played> {
    const before = cpuMs(this.#child.pid) ?? 0
    const load = { port: this.#port, phases: [], seed: 1, connections: 2_000 }
    this.#child.tell({ ...load, startAt: wallClock() + 200, populations: [of], last: false })
    const { generated: run } = await this.#child.told('generated')
    const used = (cpuMs(this.#child.pid) ?? 0) - before
    return { run, cpuMicros: (used * 1_000) / Math.max(1, run.late.count) }
  }
}

function measured({ run, cpuMicros }: Played, forMs: number): Measured {
  const curve = Object.values(run.populations)[0]?.curve ?? []
  const at = (wanted: number): number => curve.find(([percent]) => percent >= wanted)?.[1] ?? 0
  // the last of each user is answered after the end, where wrk does not count any more
  return { perSecond: (run.late.count - users) / (forMs / 1_000), p50: at(50), p99: at(99), cpuMicros }
}

async function wrk(port: number, forMs: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-agree-'))
  const script = join(folder, 'post.lua')
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.body = '{"id":"0-1"}'\nwrk.headers["Content-Type"] = "application/json"\n`,
  )
  const seconds = Math.ceil(forMs / 1_000)
  const args = ['-t1', `-c${users}`, `-d${seconds}s`, '--latency', '-s', script, `http://127.0.0.1:${port}/`]
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', chunk => (out += String(chunk)))
  let used = 0
  const watching = setInterval(() => (used = cpuMs(child.pid ?? 0) ?? used), 50)
  await once(child, 'close')
  clearInterval(watching)
  rmSync(folder, { recursive: true })
  const ms = (label: string): number => {
    const [, number = '0', unit = 'ms'] = new RegExp(`${label}\\s+([\\d.]+)(us|ms|s)`).exec(out) ?? []
    return Number(number) * ({ us: 0.001, ms: 1, s: 1_000 }[unit] ?? 1)
  }
  const total = Number(/(\d+) requests in/.exec(out)?.[1] ?? 0)
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1] ?? 0)
  return { perSecond: rate, p50: ms('50%'), p99: ms('99%'), cpuMicros: (used * 1_000) / Math.max(1, total) }
}

if (process.argv[2] === 'serve') await serve(process.argv[3] === 'slow' ? slowServer() : instantServer())
else await agree(Number(process.argv[2] ?? 10) * 1_000)
