import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { describe, names } from './candidates.ts'
import type { Afterwards, Name } from './candidates.ts'
import type { Sample } from './measure.ts'
import { figure, median, percent, spread, table, trouble } from './table.ts'

type Run = Readonly<{ rounds: number; seconds: number; ownBroker: boolean }>
type After = Afterwards & Readonly<{ name: Name }>
type Goal = Readonly<{ goal: string; limit: string; measured: string; met: boolean | null }>

/** The text of RESULTS.md. */
export function report(samples: readonly Sample[], afterwards: readonly After[], run: Run): string {
  const present = names.filter(name => samples.some(sample => sample.name === name))
  const closed = samples.filter(({ rate }) => rate === null)
  const open = samples.filter(({ rate }) => rate !== null)
  const levels = [...new Set(closed.map(({ connections }) => connections))]
  const of = (name: Name, connections: number): Sample[] =>
    closed.filter(sample => sample.name === name && sample.connections === connections)
  const ratios = (connections: number, value: (sample: Sample) => number): number[] =>
    of('sluice', connections).flatMap(sample => {
      const beside = of('naive', connections).find(({ round }) => round === sample.round)
      return beside === undefined ? [] : [value(sample) / value(beside)]
    })

  return `${[
    '# What `npm run bench` measured',
    setting(samples, run),
    present.map(name => `- **${name}**: ${describe[name]}.`).join('\n'),
    '## Closed loop: medians of the rounds',
    'CPU is the gateway process, per answer. Shares are of one core. Latencies are milliseconds.',
    table(
      [
        'connections',
        '',
        'requests/s',
        'p50',
        'p99',
        'p99.9',
        'CPU µs',
        'CPU',
        'memory MB',
        'worker',
        'broker',
        'generator',
        'its µs',
      ],
      levels.flatMap(level => present.map(name => row(String(level), name, of(name, level)))),
    ),
    '## Sluice ÷ naive, round by round: median (least–most)',
    table(
      ['connections', 'requests/s', 'CPU a request', 'p50', 'p99'],
      levels.map(level => [String(level), ...[rateOf, cpuOf, p50Of, p99Of].map(value => spread(ratios(level, value)))]),
    ),
    '## Open loop: latency from the intended send time',
    'The generator looks for due requests once a millisecond; what is late by that counts too.',
    table(
      [
        'requests/s',
        '',
        'answered/s',
        'p50',
        'p99',
        'p99.9',
        'CPU µs',
        'CPU',
        'memory MB',
        'worker',
        'broker',
        'generator',
        'its µs',
      ],
      open.map(sample => row(figure(sample.rate), sample.name, [sample])),
    ),
    '## Besides',
    besides(samples, afterwards, present),
    '## Goals',
    verdict(goals(of('sluice', 256), open, ratios)),
  ].join('\n\n')}\n`
}

const rateOf = (sample: Sample): number => sample.perSecond
const cpuOf = (sample: Sample): number => sample.cpuUs
const p50Of = (sample: Sample): number => sample.load.p50
const p99Of = (sample: Sample): number => sample.load.p99

function setting(samples: readonly Sample[], { rounds, seconds, ownBroker }: Run): string {
  const kafkajs = JSON.parse(
    readFileSync(new URL('../node_modules/kafkajs/package.json', import.meta.url), 'utf8'),
  ) as {
    version: string
  }
  const others = samples.flatMap(sample => sample.others ?? [])
  const noise =
    others.length === 0
      ? ''
      : ` Other programs took ${percent(median(others))} of a core (at most ${percent(Math.max(...others))})${
          median(others) > 0.1 ? ': **too much for these figures to be trusted**' : ''
        }.`
  return (
    `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores for everything; Node ${process.version.slice(1)}; kafkajs ${kafkajs.version}; ` +
    `${ownBroker ? 'Kafka 4.3.1, one broker, default settings' : 'a Kafka cluster given by KAFKA_BROKERS'}; topics of 12 partitions. ` +
    `${rounds} alternating rounds, ${seconds} s in all.${noise}`
  )
}

function row(first: string, name: Name, samples: readonly Sample[]): string[] {
  const middle = (value: (sample: Sample) => number | null): number | null => {
    const values = samples.flatMap(sample => value(sample) ?? [])
    return values.length === 0 ? null : median(values)
  }
  const generator = (value: (sample: Sample) => number): number | null =>
    name === 'correlation' ? null : middle(value)
  return [
    first,
    name,
    figure(middle(rateOf)),
    figure(middle(p50Of)),
    figure(middle(p99Of)),
    figure(middle(({ load }) => load.p999)),
    figure(middle(cpuOf)),
    percent(middle(({ cpuShare }) => cpuShare)),
    figure(middle(({ memoryMb }) => memoryMb)),
    percent(middle(({ worker }) => worker)),
    percent(middle(({ broker }) => broker)),
    percent(generator(({ load }) => load.cpuShare)),
    figure(generator(({ load }) => load.cpuUs)),
  ]
}

function besides(samples: readonly Sample[], afterwards: readonly After[], present: readonly Name[]): string {
  const said: string[] = []
  for (const name of present) {
    const own = samples.filter(sample => sample.name === name)
    const starts = [...new Set(own.flatMap(({ startMs }) => startMs ?? []))]
    if (starts.length > 0) said.push(`- ${name}: first good answer ${spread(starts)} ms after its start.`)
    const wrong = own.filter(sample => trouble(sample) !== '')
    const answers = own.reduce((sum, { load }) => sum + load.answered, 0)
    said.push(
      `- ${name}: ${figure(answers)} good answers measured, each with the order that was sent${
        wrong.length === 0
          ? '; nothing else came back.'
          : `; also ${wrong.map(sample => `at ${sample.rate ?? sample.connections}: ${trouble(sample)}`).join('; ')}.`
      }`,
    )
    const after = afterwards.filter(each => each.name === name && each.lines !== null)
    if (after.length === 0) continue
    const total = (value: (after: After) => number | null): number =>
      after.reduce((sum, each) => sum + (value(each) ?? 0), 0)
    said.push(
      `- ${name}: ${figure(total(each => each.sent))} requests sent, ${figure(total(each => each.lines))} lines about them in the log, ` +
        `${figure(total(each => each.scrapes))} scrapes of the metrics.`,
    )
  }
  return said.join('\n')
}

function goals(
  full: readonly Sample[],
  open: readonly Sample[],
  ratios: (connections: number, value: (sample: Sample) => number) => number[],
): Goal[] {
  const atLeast = (goal: string, values: readonly number[], limit: number): Goal => ({
    goal,
    limit: `≥ ${limit} ×`,
    measured: spread(values),
    met: values.length === 0 ? null : median(values) >= limit,
  })
  const atMost = (goal: string, values: readonly number[], limit: number): Goal => ({
    goal,
    limit: `≤ ${limit} ×`,
    measured: spread(values),
    met: values.length === 0 ? null : median(values) <= limit,
  })
  const fast = open.find(({ name, rate }) => name === 'sluice' && rate === 5_000)
  const offered = fast === undefined ? 0 : 5_000 * fast.load.seconds
  return [
    atLeast("256 connections: requests/s, of the naive gateway's", ratios(256, rateOf), 3.5),
    atMost("256 connections: CPU a request, of the naive gateway's", ratios(256, cpuOf), 0.4),
    atLeast("32 connections: requests/s, of the naive gateway's", ratios(32, rateOf), 3),
    atMost("1 connection: p50, of the naive gateway's", ratios(1, p50Of), 1.05),
    {
      goal: 'open loop, 5,000 requests/s',
      limit: 'no error, no refusal',
      measured:
        fast === undefined
          ? '–'
          : `${figure(fast.perSecond)}/s, p99 ${figure(fast.load.p99)} ms, ${trouble(fast) === '' ? 'nothing refused' : trouble(fast)}`,
      // answered within the seconds that were measured, and not from a growing queue
      met:
        fast === undefined
          ? null
          : trouble(fast) === '' && fast.load.answered >= 0.999 * offered && fast.load.p99 < 1_000,
    },
    {
      goal: 'Sluice at 256 connections',
      limit: 'every answer good',
      measured: `${figure(full.reduce((sum, { load }) => sum + load.answered, 0))} good`,
      met: full.length === 0 ? null : full.every(sample => trouble(sample) === ''),
    },
  ]
}

const verdict = (all: readonly Goal[]): string =>
  table(
    ['goal', 'limit', 'measured: median (least–most)', ''],
    all.map(({ goal, limit, measured, met }) => [
      goal,
      limit,
      measured,
      met === null ? 'not measured' : met ? 'held' : '**missed**',
    ]),
  )
