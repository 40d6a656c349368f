// npm run lab:agree [-- SECONDS]: the laboratory's generator beside wrk, on the same steady load, and alone at 10,000 a second.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, wallClock } from '../src/clock.ts'
import { beside, Child } from '../src/lab/child.ts'
import type { FromGenerator, ToGenerator } from '../src/lab/generate.ts'
import type { Generated } from '../src/lab/generator.ts'
import { cpuMs } from '../src/lab/process.ts'
import type { Population } from '../src/lab/population.ts'
import { constant } from '../src/lab/rate.ts'
import { figure, note, table } from '../src/lab/verdict.ts'
import type { Figure } from '../src/lab/verdict.ts'

const users = 50
const delayMs = 50 // of an answer: with so many users this is the rate
const tolerance = 5 // percent
const perSecond = 10_000
const body = '{"id":"{{id}}"}'
const request = { method: 'POST', path: '/', headers: {}, body }

/** A server that answers with what it was sent, at once or after a while. */
async function serve(waitMs: number): Promise<void> {
  const server = createServer((req, res) => {
    let text = ''
    req.on('data', chunk => (text += String(chunk)))
    req.on('end', () => {
      const answer = (): void => void res.setHeader('content-length', Buffer.byteLength(text)).end(text)
      if (waitMs === 0) answer()
      else after(waitMs, answer)
    })
  }).listen(0, '127.0.0.1')
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
  const slow = await start(delayMs)
  const closed = { users, thinkMs: 0, forMs }
  const ours = await generated(slow.port, { name: 'users', rate: [], closed, patienceMs: 5_000, request }, forMs)
  const theirs = await wrk(slow.port, forMs)
  const instant = await start(0)
  const open = { name: 'open', rate: constant(perSecond, forMs), patienceMs: 5_000, request }
  const { run, cpuMicros } = await generating(instant.port, open)
  const sent = run.late.count / (forMs / 1_000)
  const figures: readonly Figure[] = [
    within('answers a second', ours.perSecond, theirs.perSecond, ''),
    within('half of the answers within', ours.p50, theirs.p50, ' ms'),
    within('99 of 100 answers within', ours.p99, theirs.p99, ' ms'),
    note(
      'CPU of a request, laboratory and wrk',
      `${ours.cpuMicros.toFixed(0)} µs and ${theirs.cpuMicros.toFixed(0)} µs`,
    ),
    figure(
      `alone, ${perSecond} a second: sent`,
      `${perSecond} ± 1 %`,
      sent.toFixed(0),
      Math.abs(sent / perSecond - 1) < 0.01,
    ),
    note('alone: later than intended, p50 and p99', `${run.late.p50 ?? 0} and ${run.late.p99 ?? 0} ms`),
    note('alone: CPU of a request', `${cpuMicros.toFixed(0)} µs`),
  ]
  console.log(table(`${users} users, answers after ${delayMs} ms`, figures))
  process.exit(figures.some(({ holds }) => holds === false) ? 1 : 0)
}

const within = (name: string, ours: number, theirs: number, unit: string): Figure => {
  const apart = Math.abs(ours / theirs - 1) * 100
  const measured = `${ours.toFixed(1)}${unit} and ${theirs.toFixed(1)}${unit}: ${apart.toFixed(1)} % apart`
  return figure(name, `${tolerance} % apart at most`, measured, apart <= tolerance)
}

async function start(waitMs: number): Promise<Readonly<{ port: number }>> {
  type Serving = Readonly<{ kind: 'serving'; port: number }>
  const server = new Child<object, Serving>('the server', [import.meta.filename, 'serve', String(waitMs)])
  return await server.told('serving')
}

async function generating(port: number, of: Population): Promise<Readonly<{ run: Generated; cpuMicros: number }>> {
  const child = new Child<ToGenerator, FromGenerator>('the generator', [beside('generate.ts')])
  await child.told('ready')
  const load = { port, phases: [], seed: 1, connections: 2_000 }
  const warm: Population = { name: 'warm', rate: constant(1_000, 1_000), patienceMs: 5_000, request }
  child.tell({ ...load, startAt: wallClock() + 200, populations: [warm], last: false })
  await child.told('generated')
  const before = cpuMs(child.pid) ?? 0
  let used = before
  const watching = setInterval(() => (used = cpuMs(child.pid) ?? used), 50)
  child.tell({ ...load, startAt: wallClock() + 200, populations: [of], last: true })
  const { generated: run } = await child.told('generated')
  clearInterval(watching)
  return { run, cpuMicros: ((used - before) * 1_000) / Math.max(1, run.late.count) }
}

async function generated(port: number, of: Population, forMs: number): Promise<Measured> {
  const { run, cpuMicros } = await generating(port, of)
  const curve = run.populations[of.name]?.curve ?? []
  const at = (wanted: number): number => curve.find(([percent]) => percent >= wanted)?.[1] ?? 0
  return { perSecond: run.late.count / (forMs / 1_000), p50: at(50), p99: at(99), cpuMicros }
}

async function wrk(port: number, forMs: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-agree-'))
  const script = join(folder, 'post.lua')
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.body = '{"id":"0-1"}'\nwrk.headers["Content-Type"] = "application/json"\n`,
  )
  const seconds = Math.round(forMs / 1_000)
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

if (process.argv[2] === 'serve') await serve(Number(process.argv[3]))
else await agree(Number(process.argv[2] ?? 10) * 1_000)
