import { noSpread } from '../../src/lab/durations.ts'
import type { Result } from '../../src/lab/result.ts'

/** A run of twenty seconds whose workers were slow from the fifth to the tenth, as a report is given it. */
export function aResult(over: Partial<Result> = {}): Result {
  const by = <T>(value: (second: number) => T): readonly T[] => Array.from({ length: 20 }, (_, i) => value(i))
  const slow = (second: number): boolean => second >= 5 && second < 10
  return {
    format: 1,
    name: 'slow-worker',
    title: 'The workers are slow',
    about: 'They take `100 ms` instead of 20.',
    lookFor: 'Goodput & <refusals>.',
    decides: ['workers.orders.bulkhead.slots'],
    variant: '',
    at: '2026-01-02T03:04:05.000Z',
    lengthMs: 20_000,
    interrupted: false,
    seconds: {
      asked: by(() => 300),
      sent: by(second => (slow(second) ? 350 : 300)),
      served: by(second => (slow(second) ? 100 : 300)),
      codes: {
        'bulkhead-full': by(second => (slow(second) ? 200 : 0)),
        'reply-timeout': by(second => (slow(second) ? 50 : 0)),
      },
      p50: by(() => 21),
      p99: by(second => (slow(second) ? 900 : second === 0 ? null : 40)),
      refusedP99: by(second => (slow(second) ? 3 : null)),
      wanted: by(second => (slow(second) ? 90 : 300)),
      unwanted: by(second => (slow(second) ? 10 : 0)),
      possible: by(second => (slow(second) ? 100 : 500)),
      slots: by(() => 40),
      inFlight: by(second => (slow(second) ? 40 : 6)),
      circuit: by(second => (second === 7 ? 'open' : second === 8 ? 'half-open' : 'closed')),
      memoryMb: by(() => 120),
    },
    curve: [
      [0, 20],
      [50, 21],
      [90, 40],
      [99, 800],
      [99.9, 900],
      [100, 950],
    ],
    totals: {
      asked: 6_000,
      sent: 6_250,
      answered: 5_000,
      fates: { served: 5_000, refused: 1_000, failed: 250, gone: 0, lost: 0 },
      codes: { 'bulkhead-full': 1_000, 'reply-timeout': 250 },
      executed: 5_050,
      unwanted: 50,
      late: 0,
      dropped: 200,
    },
    cores: { generator: 0.1, gateway: 0.4, others: 0.2 },
    machineCores: 4,
    generatorLate: { ...noSpread, count: 6_250, p50: 0.5, p99: 1.1 },
    faults: [{ name: 'slow', label: 'workers take 100 ms', fromMs: 5_000, toMs: 10_000, detectMs: 200, recoverMs: 0 }],
    objectives: [
      { name: 'answered of what was possible', asked: '≥ 80 %', measured: '95 %', holds: true },
      { name: '99 of 100 answers within', asked: '≤ 500 ms', measured: '800 ms', holds: false },
    ],
    ledger: [
      { name: 'answers that reached another request', asked: '0', measured: '0', holds: true },
      { name: 'the topic', asked: '', measured: 'not read', holds: null },
    ],
    ...over,
  }
}
