// What an Idempotency-Key costs a command: requests with and without one by turns, against a gateway and a worker in processes of their own.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { serve } from '../src/worker/index.ts'
import { median } from './table.ts'

const limits = { p50: 2.2, throughput: 0.6 }
const topic = 'bench.commands'

if (process.argv[2] === 'keyed-worker') {
  const brokers = process.argv[3] ?? ''
  await serve({ brokers, topic, group: 'bench', concurrency: 1_000 }, () => ({ status: 201, body: { done: true } }))
  process.send?.('ready')
  await new Promise(() => {})
}

/** Requests on so many connections for so long; the median of their times, and how many a second. */
async function load(url: string, connections: number, forMs: number, keyed: boolean) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  const end = performance.now() + forMs
  let key = 0
  const run = `${Date.now()}-${Math.random()}`
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const begun = performance.now()
      const headers = { 'content-type': 'application/json', ...(keyed && { 'idempotency-key': `"${run}-${key++}"` }) }
      const req = request(`${url}/${keyed ? 'keyed' : 'plain'}`, { agent, method: 'POST', headers }).end('{"a":1}')
      const [res] = await once(req, 'response')
      if (res.statusCode !== 201) throw new Error(`status ${res.statusCode}: ${await textOf(res)}`)
      res.resume()
      await once(res, 'end')
      times.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  agent.destroy()
  times.sort((a, b) => a - b)
  return { p50: times[times.length >> 1] ?? NaN, perSecond: (times.length * 1_000) / forMs }
}

/** Prints what it measured; whether a limit is missed. */
export async function keyed(brokers: string, folder: string): Promise<boolean> {
  let failed = false
  const children: ChildProcess[] = []
  try {
    const file = join(folder, 'keyed.yaml')
    writeFileSync(
      file,
      `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
log: { requests: false }
overload: { mode: 'off' }
operations: { entries: 1000000, bytes: 4294967296 }
broker: { brokers: '${brokers}' }
workers: { bench: { topic: bench.commands, bulkhead: { limit: fixed, slots: 1000 } } }
routes:
  plain: { match: POST /plain, command: { to: bench } }
  keyed: { match: POST /keyed, command: { to: bench }, idempotency: { key: required } }
`,
    )
    const gateway = spawn(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts'), 'start', file])
    children.push(gateway)
    let said = ''
    gateway.stdout.setEncoding('utf8').on('data', chunk => (said += chunk))
    while (!said.includes('listening')) await wait(50)
    const [, address, admin] = /"detail":"([^,"]+), admin ([^"]+)"/.exec(said) ?? []
    const isReady = async (): Promise<boolean> => (await fetch(`http://${admin}/readyz`).catch(() => null))?.ok === true
    while (!(await isReady())) await wait(100)
    const worker = spawn(process.execPath, [import.meta.filename, 'keyed-worker', brokers], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    children.push(worker)
    await once(worker, 'message')
    for (const [connections, forMs] of [
      [1, 2_000],
      [256, 4_000],
    ] as const) {
      const plain: Awaited<ReturnType<typeof load>>[] = []
      const withKey: Awaited<ReturnType<typeof load>>[] = []
      for (let round = 0; round < 5; round++) {
        plain.push(await load(`http://${address}`, connections, forMs, false))
        withKey.push(await load(`http://${address}`, connections, forMs, true))
      }
      const p50 = median(withKey.map((one, i) => one.p50 / (plain[i]?.p50 ?? NaN)))
      const rate = median(withKey.map((one, i) => one.perSecond / (plain[i]?.perSecond ?? NaN)))
      const told = (all: typeof plain): string =>
        `p50 ${median(all.map(one => one.p50)).toFixed(2)} ms, ${Math.round(median(all.map(one => one.perSecond)))}/s`
      console.log(`${connections} connections: plain ${told(plain)}; with a key ${told(withKey)}`)
      if (connections === 1) {
        console.log(`  p50 ratio ${p50.toFixed(2)} (limit ${limits.p50})`)
        failed ||= p50 > limits.p50
      } else {
        console.log(`  throughput ratio ${rate.toFixed(2)} (limit ${limits.throughput})`)
        failed ||= rate < limits.throughput
      }
    }
    return failed
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}
