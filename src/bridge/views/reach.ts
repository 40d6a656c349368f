import type { Call } from '../../call.ts'
import { until } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { marksOf } from '../mark.ts'
import { isSameLog } from '../past.ts'
import type { View } from './view.ts'

/**
 * Waits until a view shows what the client has seen. A position in the topic of the view is waited for as it is. Of any other, such
 * as that of a command, we know that whoever answered it had written before what it wrote into the topic of the view: so what is
 * there now is waited for. Throws view-behind at the deadline of the call, with how far the view is, and position-gone for a position
 * of another log of its topic: one that was deleted, or stands in another cluster.
 */
export async function reach(view: View, { awaits, deadline, signal }: Call): Promise<void> {
  if (awaits === undefined) return
  const wanted = new Map<number, number>()
  let others = false
  for (const { topic, partition, next, log } of marksOf(awaits)) {
    if (!isSameLog(log, view.logOf(topic))) throw new Problem('position-gone', `There is another ${topic} here.`)
    if (topic !== view.topic) others = true
    else wanted.set(partition, Math.max(next, wanted.get(partition) ?? 0))
  }
  if (others)
    for (const [partition, end] of (await view.ends()).entries())
      wanted.set(partition, Math.max(end, wanted.get(partition) ?? 0))
  for (const [partition, next] of wanted) await view.reach(partition, next, () => until(deadline), signal)
}
