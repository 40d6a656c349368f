import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Meter } from '../../src/telemetry/meter.ts'
import { measureProcess } from '../../src/telemetry/process.ts'
import { after } from '../../src/clock.ts'

const value = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find(line => line.startsWith(`${series} `))
      ?.slice(series.length),
  )

test('the process tells about itself when it is asked', async () => {
  const meter = new Meter()
  using _measuring = measureProcess(meter)
  const alarm = after(1_000, () => {})
  const text = await meter.text()
  alarm.cancel()
  for (const name of ['process_resident_memory_bytes', 'nodejs_heap_size_used_bytes', 'nodejs_heap_size_total_bytes'])
    ok(value(text, name) > 1e6, name)
  ok(value(text, 'process_cpu_seconds_total') > 0)
  ok(Math.abs(value(text, 'process_start_time_seconds') - (Date.now() / 1_000 - process.uptime())) < 1)
  equal(value(text, 'sluice_alarms'), 1)
  ok(value(text, 'nodejs_eventloop_lag_max_seconds') >= 0)
})

test('collections of garbage are counted until the end', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const meter = new Meter()
  const measuring = measureProcess(meter)
  const majors = async (): Promise<number> =>
    value(await meter.text(), 'nodejs_gc_duration_seconds_count{kind="major"}')
  for (let i = 0; i < 200 && (await majors()) === 0; i++) {
    collect()
    await new Promise<void>(resolve => setImmediate(resolve))
  }
  const seen = await majors()
  ok(seen > 0)
  measuring[Symbol.dispose]()
  collect()
  for (let i = 0; i < 20; i++) await new Promise<void>(resolve => setImmediate(resolve))
  equal(await majors(), seen)
})
