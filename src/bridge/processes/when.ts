import type { ProcessOptions } from '../../../config/schema/index.ts'
import { jsonFrom } from '../feeds/content.ts'
import { comparable, pointed } from '../feeds/pointer.ts'
import type { Step } from './run.ts'

/** Whether the condition of a step holds; one without a condition is always done. */
export function holds({ steps: plan }: ProcessOptions, steps: readonly Step[], at: number): boolean {
  const when = plan[at]?.when
  if (when === undefined) return true
  const looked = steps[when.step === undefined ? at - 1 : plan.findIndex(({ name }) => name === when.step)]
  if (looked?.state !== 'done') return false
  if (when.status !== undefined && !when.status.includes(looked.status ?? 0)) return false
  if (when.of === undefined) return true
  const found = comparable(pointed(jsonFrom(Buffer.from(looked.reply ?? '')), when.of))
  return when.equals === undefined ? found !== null : found === String(when.equals)
}
