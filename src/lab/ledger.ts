import type { Run } from './run.ts'
import { count, figure, none, note } from './verdict.ts'
import type { Figure } from './verdict.ts'

/** What must hold whatever befell: no answer reaches another request, nothing answered is missing in the topic, nothing unsent is there. */
export function ledgerRows({ ledger, crossed, populations }: Run): readonly Figure[] {
  const sent = Object.values(populations).reduce(
    (sum, { seconds }) => sum + seconds.reduce((inner, second) => inner + second.sent, 0),
    0,
  )
  const ended = Object.values(populations).reduce(
    (sum, { seconds }) =>
      sum + seconds.reduce((inner, { fates }) => inner + Object.values(fates).reduce((a, b) => a + b, 0), 0),
    0,
  )
  const always = [
    figure('answers that reached another request', '0', count(crossed), crossed === 0),
    figure('sendings with just one end', count(sent), count(ended), sent === ended),
  ]
  if (ledger === undefined || ledger === null)
    return [...always, note('the topic', 'not read: nothing in the requests says which is whose')]
  const there = (id: string): number => ledger.topic[id] ?? 0
  const answered = ledger.clients.filter(([, answered]) => answered === 1)
  const missing = answered.filter(([id]) => there(id) === 0)
  const unsent = ledger.clients.filter(([, , mayBeThere]) => mayBeThere === 0)
  const stray = unsent.filter(([id]) => there(id) > 0)
  const doubled = ledger.clients.filter(([id, , mayBeThere]) => there(id) > Math.max(1, mayBeThere))
  const ids = (rows: typeof missing): readonly string[] => rows.map(([id]) => id)
  return [
    ...always,
    none('answered, and not in the topic', '0', answered.length, ids(missing)),
    none('refused as not sent, and in the topic', '0', unsent.length, ids(stray)),
    none('more commands than sendings', '0', ledger.clients.length, ids(doubled)),
  ]
}
