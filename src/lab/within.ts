import type { ObjectiveOptions } from '../../config/scenario/schema.ts'
import { atMost } from './limits.ts'
import { gauge, grown } from './measure.ts'
import type { Span } from './measure.ts'
import type { Run } from './run.ts'
import type { Figure } from './verdict.ts'

type Judged = Readonly<{ all: Run; span: Span; where: string; inVain: number }>

/** What is asked of the gateway by what it says of itself: of its metrics, and of its readiness. */
export function withinRows({ all, span, where, inVain }: Judged, objective: ObjectiveOptions): readonly Figure[] {
  const { inVainPerTrial, circuitChanges, duplicateReplies, memoryGrowthPercent, notReadyAfterMs } = objective
  const whole = (of: 'floor' | 'ceil', ms: number): number => 1_000 * Math[of](ms / 1_000)
  // of the first second there is nothing to compare with
  const counted: Span = [Math.max(1_000, whole('floor', span[0])), whole('ceil', span[1])]
  const grew = (name: string, labels = {}): number => grown(all, name, counted, labels)
  const trials = grew('sluice_circuit_probes_total', { circuit: 'orders' })
  return [
    ...atMost(`waited in vain, for each trial of the circuit${where}`, inVainPerTrial, perTrial(inVain, trials)),
    ...atMost(
      `changes of the worker’s circuit${where}`,
      circuitChanges,
      grew('sluice_circuit_changes_total', { circuit: 'orders' }),
    ),
    ...atMost(
      `replies that came twice${where}`,
      duplicateReplies,
      grew('sluice_replies_total', { class: 'duplicate' }),
    ),
    ...atMost(
      `growth of resident memory from the middle to the end${where}`,
      memoryGrowthPercent,
      memoryGrowth(all, span),
      ' %',
    ),
    ...atMost(`said not to be ready after${where}`, notReadyAfterMs, notReady(all, span), ' ms'),
  ]
}

const perTrial = (inVain: number, trials: number): number => (inVain === 0 ? 0 : inVain / trials)

/** In percent; null where nothing was said of memory. */
function memoryGrowth(run: Run, [fromMs, toMs]: Span): number | null {
  const all = gauge(run, 'process_resident_memory_bytes')
  const [middle, end] = [(fromMs + toMs) / 2, toMs].map(ms => all[Math.round(ms / 1_000) - 1] ?? 0)
  return middle ? (100 * ((end ?? 0) - middle)) / middle : null
}

/** Since when every second was not ready to its end; null where the last one was, or nobody said. */
function notReady(run: Run, [fromMs, toMs]: Span): number | null {
  const [from, to] = [fromMs, toMs].map(ms => Math.round(ms / 1_000)) as [number, number]
  const said = gauge(run, 'sluice_ready')
  const isNot = run.samples.map(({ ready }, i) => ready === 503 && said[i] === 0).slice(from, to)
  const last = isNot.lastIndexOf(false)
  return isNot.length === 0 || last === isNot.length - 1 ? null : 1_000 * (last + 1)
}
