// One instance of two, without anything around its quotas: spends a total at an open-loop rate, as a process of its own.
import { Config } from '../../config/schema/index.ts'
import { Leases } from '../../src/resilience/quota/leases.ts'
import { answering } from '../faults/child.ts'

/** What was let through, by tenths of a second since 1970, and the microseconds of each call since it was asked before. */
export type Spent = Readonly<{ tenths: Readonly<Record<string, number>>; p50: number; p99: number; calls: number }>

const [url, prefix, requests, perSecond] = process.argv.slice(2)
const { redis } = Config.parse({ routes: {}, redis: { url, prefix, instances: 2 } })
const leases = new Leases(redis!)
const lease = leases.total({ policy: 'lease', name: 'orders', requests: Number(requests), windowMs: 1_000 })

const tenths: Record<string, number> = {}
let micros: number[] = []
let going = false
let begun = 0
let due = 0

function spend(): void {
  const before = performance.now()
  const spent = lease.spend()
  micros.push((performance.now() - before) * 1_000)
  if (!spent) return
  const tenth = Math.floor(Date.now() / 100)
  tenths[tenth] = (tenths[tenth] ?? 0) + 1
}
const ticking = setInterval(() => {
  if (!going) return
  for (const now = ((performance.now() - begun) * Number(perSecond)) / 1_000; due < now; due++) spend()
}, 2)

answering({
  ready: () => leases.ready,
  go: () => {
    going = true
    begun = performance.now()
    due = 0
  },
  rest: () => void (going = false),
  told: (): Spent => {
    const sorted = micros.sort((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
    const told = { tenths, p50: at(0.5), p99: at(0.99), calls: sorted.length }
    micros = []
    return told
  },
})
process.on('SIGTERM', () => {
  clearInterval(ticking)
  void leases[Symbol.asyncDispose]() // and nothing is left that would keep the process
})
