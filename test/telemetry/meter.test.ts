import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { Meter, byName, oneOf } from '../../src/telemetry/meter.ts'

const labels = ['route', 'result'] as const
const label = fc.record({ route: fc.constantFrom('a', 'b "quoted"'), result: fc.constantFrom('reply', 'problem') })

/** The lines of the samples, in an order of their own. */
const samples = (text: string): string[] =>
  text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.replaceAll(/\{(.*)\}/g, (_, inner: string) => `{${inner.split(',').sort().join(',')}}`))
    .sort()

test('the series are those of prom-client, whatever is counted', async () => {
  const bounds = [0.001, 0.01, 0.1, 1]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(label, fc.double({ min: 0, max: 2, noNaN: true }))), async counted => {
      const meter = new Meter()
      const registry = new Registry()
      const spec = { help: 'x', labelNames: labels, registers: [registry] }
      const [counter, gauge] = [new Counter({ name: 'c', ...spec }), new Gauge({ name: 'g', ...spec })]
      const histogram = new Histogram({ name: 'h', ...spec, buckets: bounds })
      const cells = new Map<string, ReturnType<typeof make>>()
      const counters = meter.counter({ name: 'c', help: 'x', labels })
      const gauges = meter.gauge({ name: 'g', help: 'x', labels })
      const histograms = meter.histogram({ name: 'h', help: 'x', labels }, bounds)
      const make = (of: (typeof counted)[0][0]) => ({ c: counters(of), g: gauges(of), h: histograms(of) })
      for (const [of, value] of counted) {
        const key = JSON.stringify(of)
        const mine = cells.get(key) ?? make(of)
        cells.set(key, mine)
        mine.c.value += value
        mine.g.value = value
        mine.h.observe(value)
        counter.inc(of, value)
        gauge.set(of, value)
        histogram.observe(of, value)
      }
      deepEqual(samples(await meter.text()), samples(await registry.metrics()))
      equal(await meter.text(), await meter.text(), 'reading changes nothing')
    }),
    { numRuns: 60 },
  )
})

test('a value on a bound belongs to its bucket', async () => {
  const meter = new Meter()
  const spread = meter.histogram({ name: 'h', help: 'x' }, [1, 2])({})
  for (const value of [0, 1, 1.5, 2, 2.5]) spread.observe(value)
  deepEqual([...spread.counts], [2, 2, 1])
  deepEqual(samples(await meter.text()), [
    'h_bucket{le="+Inf"} 5',
    'h_bucket{le="1"} 2',
    'h_bucket{le="2"} 4',
    'h_count 5',
    'h_sum 7',
  ])
})

test('a series may be brought up to date when it is read', async () => {
  const meter = new Meter()
  let level = 3
  const cell = meter.gauge({ name: 'g', help: 'x', refresh: () => void (cell.value = level) })({})
  deepEqual(samples(await meter.text()), ['g 3'])
  level = 4
  deepEqual(samples(await meter.text()), ['g 4'])
})

test('what there is to measure is described', () => {
  const meter = new Meter()
  meter.counter({ name: 'c', help: 'Some.', labels: ['route'] })
  meter.histogram({ name: 'h', help: 'Others.' }, [1])
  deepEqual(meter.described, [
    { name: 'c', kind: 'counter', labels: ['route'], help: 'Some.' },
    { name: 'h', kind: 'histogram', labels: [], help: 'Others.' },
  ])
})

test('a name that was not known from the start counts as none', () => {
  const made: string[] = []
  const of = byName(['a', 'b', 'a'], name => made.push(name))
  deepEqual([of('a'), of('b'), of('x'), of('y')], [1, 2, 3, 3])
  deepEqual(made, ['a', 'b', 'none'])
})

test('of the states just one is 1', () => {
  const meter = new Meter()
  const gauge = meter.gauge({ name: 'g', help: 'x', labels: ['state'] })
  const cells: { value: number }[] = []
  const enter = oneOf(
    ['closed', 'open'],
    state => ({ state }),
    of => {
      const cell = gauge(of)
      cells.push(cell)
      return cell
    },
  )
  deepEqual(
    cells.map(cell => cell.value),
    [1, 0],
  )
  enter('open')
  deepEqual(
    cells.map(cell => cell.value),
    [0, 1],
  )
})

test('OpenMetrics has an ending for counters, an end, and exemplars of calls whose trace is sampled', async () => {
  const meter = new Meter()
  meter.counter({ name: 'c_total', help: 'Some.' })({}).value = 3
  const spread = meter.histogram({ name: 'h_seconds', help: 'Others.' }, [1])({})
  spread.observe(0.5, '0af7651916cd43dd8448eb211c80319c')
  spread.observe(0.7, '1af7651916cd43dd8448eb211c80319c')
  spread.observe(2)
  const lines = (await meter.openMetrics()).trim().split('\n')
  deepEqual(
    lines.filter(line => line.includes('c_total') || line.startsWith('# TYPE')),
    ['# TYPE c counter', 'c_total 3', '# TYPE h_seconds histogram'],
  )
  const [first, second] = lines.filter(line => line.startsWith('h_seconds_bucket'))
  match(first!, /^h_seconds_bucket\{le="1"\} 2 # \{trace_id="0af7651916cd43dd8448eb211c80319c"\} 0\.5 1\d{9}(\.\d+)?$/)
  equal(second, 'h_seconds_bucket{le="+Inf"} 3')
  equal(lines.at(-1), '# EOF')
  ok(!(await meter.text()).includes('trace_id'))
})
