import { count, figure, none, note } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { accepted } from './clients.ts'
import type { Attempt } from './clients.ts'
import type { Logged } from '../faults/topics.ts'
import type { Deed } from '../faults/worker.ts'

/** Three records of the same time, by three who do not know each other. */
export type Ledger = Readonly<{
  sent: number // facts and orders, each once
  attempts: readonly Attempt[] // what the clients got
  deeds: readonly Deed[] // what the worker did
  log: readonly Logged[] // what an independent client reads from the topics of facts and orders afterwards
}>

const told = ({ id, status, outcome, code }: Attempt): string => `${id}: ${status} ${outcome} ${code}`.trimEnd()
const idOf = ({ value }: Logged): string => (JSON.parse(value) as { orderId: string }).orderId
const ceOf = ({ headers }: Logged): string => headers['ce_id'] ?? ''

/** I1 to I5 where gateways die: nothing accepted is lost, nothing unsent is there, and what is doubled has one `ce_id`. */
export function judge({ sent, attempts, deeds, log }: Ledger): readonly Figure[] {
  const records = Map.groupBy(log, idOf)
  const requests = Map.groupBy(attempts, ({ id }) => id)
  const done = Map.groupBy(deeds, ({ id }) => id)
  const answered = attempts.filter(accepted)
  const facts = answered.filter(({ kind }) => kind === 'fact')
  const orders = answered.filter(({ kind }) => kind === 'order')
  const crossed = orders.filter(({ id, echoed }) => echoed !== id)
  const lost = [...facts, ...orders].filter(({ id, kind }) => !records.has(id) || (kind === 'order' && !done.has(id)))
  const outcomeless = attempts.filter(
    ({ status, outcome }) => status > 0 && !['not-sent', 'in-doubt', 'sent'].includes(outcome),
  )
  const unsent = [...requests.values()].filter(all => all.every(({ outcome }) => outcome === 'not-sent'))
  const found = unsent.filter(([first]) => first !== undefined && records.has(first.id))
  const several = [...records].filter(([, all]) => all.length > 1)
  const strange = several.filter(([, all]) => new Set(all.map(ceOf)).size > 1)
  const twice = [...done].filter(([, all]) => all.length > 1)
  const twoIds = twice.filter(([, all]) => new Set(all.map(({ command }) => command)).size > 1)
  const unanswered = [...requests.values()].filter(
    ([first, ...rest]) => first?.kind === 'order' && ![first, ...rest].some(accepted),
  )
  return [
    note(
      'accepted',
      `${count(facts.length)} facts (${count(facts.filter(({ spooled }) => spooled).length)} of them on disk), ${count(orders.length)} orders answered`,
    ),
    note('executed', `${count(done.size)} orders (${count(deeds.length)} times)`),
    none('I3 lost: accepted, and not in the topic, or not executed', '0', answered.length, lost.map(told)),
    none('I4 called `not-sent` each time, and in the topic', '0', unsent.length, found.flat().map(told)),
    note(
      'I5 doubled with the same `ce_id`',
      `${count(several.length - strange.length)} records, ${count(twice.length - twoIds.length)} executions`,
    ),
    none(
      'I5 doubled with another `ce_id`',
      '0',
      records.size,
      strange.map(([id]) => id),
    ),
    none(
      'I5 executed twice with another `ce_id`',
      '0',
      done.size,
      twoIds.map(([id]) => id),
    ),
    none('I1 answers with another order’s id', '0', orders.length, crossed.map(told)),
    figure('I2 requests with an end', count(sent), count(requests.size), requests.size === sent),
    none('I2 answers without an outcome', '0', attempts.length, outcomeless.map(told)),
    none('orders never answered, however often repeated', '0', requests.size, unanswered.flat().map(told)),
  ]
}
