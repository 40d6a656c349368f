import { readdirSync } from 'node:fs'
import { PerformanceObserver, constants, monitorEventLoopDelay, performance as measured } from 'node:perf_hooks'
import { alarms, wallClock } from '../clock.ts'
import type { Meter } from './meter.ts'

// each look costs a wake-up: 0.08 % of a core at 100 ms, 0.75 % at prom-client's 10 ms
const lookEveryMs = 100
const gcKinds = [
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
] as const

/**
 * How the process itself fares, under the names that dashboards for Node know. Not prom-client's own set: that can never
 * be switched off again, and its event loop lag contains the interval between its looks.
 */
export function measureProcess(meter: Meter): Disposable {
  const gauge = (name: string, help: string, read: () => number): void => {
    const cell = meter.gauge({ name, help, refresh: () => void (cell.value = read()) })({})
  }
  const counter = (name: string, help: string, read: () => number): void => {
    const cell = meter.counter({ name, help, refresh: () => void (cell.value = read()) })({})
  }
  const startedAt = wallClock() / 1_000 - process.uptime()
  counter('process_cpu_seconds_total', 'CPU time, user and system, in seconds.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  gauge('process_start_time_seconds', 'When the process was started, in seconds since 1970.', () => startedAt)
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('process_open_fds', 'Open file descriptors, connections included; 0 where the system does not tell.', openFiles)
  gauge('nodejs_heap_size_total_bytes', 'Heap of V8, as allocated.', () => process.memoryUsage().heapTotal)
  gauge('nodejs_heap_size_used_bytes', 'Heap of V8 in use.', () => process.memoryUsage().heapUsed)
  gauge('nodejs_external_memory_bytes', 'Memory of buffers and other objects outside the heap.', () => {
    return process.memoryUsage().external
  })
  counter(
    'nodejs_eventloop_active_seconds_total',
    'Time that the event loop was busy: its rate is the utilization.',
    () => {
      return measured.eventLoopUtilization().active / 1_000
    },
  )
  gauge('sluice_alarms', 'Alarms set: deadlines, expiries, waits.', alarms)
  const delay = watchDelay(meter)
  const gc = watchGc(meter)
  return {
    [Symbol.dispose]: () => {
      delay[Symbol.dispose]()
      gc[Symbol.dispose]()
    },
  }
}

function watchDelay(meter: Meter): Disposable {
  const histogram = monitorEventLoopDelay({ resolution: lookEveryMs })
  histogram.enable()
  const late = (ns: number): number => Math.max(0, ns / 1e9 - lookEveryMs / 1_000)
  const since = 'since the metrics were last read.'
  const max = meter.gauge({
    name: 'nodejs_eventloop_lag_max_seconds',
    help: `How late the event loop came to a timer at worst, ${since}`,
    refresh: () => {
      max.value = late(histogram.max)
      p50.value = late(histogram.percentile(50))
      p99.value = late(histogram.percentile(99))
      histogram.reset()
    },
  })({})
  const p50 = meter.gauge({
    name: 'nodejs_eventloop_lag_p50_seconds',
    help: `How late the event loop came to half of its timers, ${since}`,
  })({})
  const p99 = meter.gauge({
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: `How late the event loop came to 99 % of its timers, ${since}`,
  })({})
  return { [Symbol.dispose]: () => void histogram.disable() }
}

type Collection = Readonly<{ duration: number; detail: { kind: number } }>

function watchGc(meter: Meter): Disposable {
  const duration = meter.histogram(
    { name: 'nodejs_gc_duration_seconds', help: 'Garbage collections, by kind.', labels: ['kind'] },
    [0.001, 0.01, 0.1, 1],
  )
  const spreads = new Map<number, ReturnType<typeof duration>>(
    gcKinds.map(([number, kind]) => [number, duration({ kind })]),
  )
  const observer = new PerformanceObserver(list => {
    // the types do not know Node's own entries
    for (const { detail, duration: ms } of list.getEntries() as unknown as readonly Collection[])
      spreads.get(detail.kind)?.observe(ms / 1_000)
  })
  observer.observe({ entryTypes: ['gc'] })
  return { [Symbol.dispose]: () => observer.disconnect() }
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1 // less the one that reads them
  } catch {
    return 0
  }
}
