import type { Figure } from '../../src/lab/verdict.ts'
import { count, figure, none, timed } from '../../src/lab/verdict.ts'
import { timeoutMs, topics } from './gateway.ts'
import { accepted, lasted, served } from './load.ts'
import type { Answer } from './load.ts'
import type { Logged } from './topics.ts'
import type { Deed } from './worker.ts'

/** How the gateway itself counted replies, and how often it published again. */
export type Counted = Readonly<{ answered: number; late: number; duplicate: number; other: number; retries: number }>
/** Three records of the same time, by three who do not know each other, and the gateway's own counters to hold against them. */
export type Ledger = Readonly<{
  answers: readonly Answer[] // what the clients got
  sent: number // what they asked
  deeds: readonly Deed[] // what the worker did
  log: readonly Logged[] // what an independent client reads from the topics afterwards
  counted: Counted
}>

const graceMs = 500
const budget = { share: 0.1, floor: 3 }

/** A request's record, found again by the order id: the topics know neither the call nor its outcome. */
const orderOf = ({ value, headers }: Logged): string => {
  const id = headers['http-param-orderId']
  return id ?? (JSON.parse(value) as { orderId: string }).orderId
}

/** The records of commands, queries and events by their order; the replies are left out. */
export function byOrder(log: readonly Logged[]): ReadonlyMap<string, readonly Logged[]> {
  return Map.groupBy(
    log.filter(({ topic }) => topic !== topics.replies),
    orderOf,
  )
}

const told = ({ id, kind, status, outcome, code }: Answer): string =>
  `${id} (${kind}): ${status} ${outcome} ${code}`.trimEnd()

/** What is to hold after every fault: I1 to I5. */
export function judge({ answers, sent, deeds, log, counted }: Ledger): readonly Figure[] {
  const records = byOrder(log)
  const inLog = ({ id, kind }: Answer): boolean =>
    (records.get(id) ?? []).some(({ topic }) => topic === (kind === 'event' ? topics.facts : topics.commands))

  const replied = answers.filter(served)
  const crossed = replied.filter(({ id, echoed }) => echoed !== id).map(told)
  const lost = answers.filter(answer => (accepted(answer) || answer.outcome === 'sent') && !inLog(answer)).map(told)
  const promised = answers.filter(answer => accepted(answer) || answer.outcome === 'sent').length
  const unsent = answers.filter(({ outcome }) => outcome === 'not-sent')
  const found = unsent.filter(inLog).map(told)
  const outcomeless = answers.filter(({ outcome }) => !['not-sent', 'in-doubt', 'sent'].includes(outcome)).map(told)
  const latest = Math.max(0, ...answers.map(answer => lasted(answer) - timeoutMs[answer.kind]))
  const late = answers.filter(answer => lasted(answer) > timeoutMs[answer.kind] + graceMs).map(told)

  const sendings = Map.groupBy(
    log.filter(({ topic }) => topic !== topics.replies),
    ({ headers }) => `${headers['ce_id']} ${headers['sluice-attempt']}`,
  )
  const repeated = [...sendings].filter(([, same]) => same.length > 1).map(([name]) => name)
  const commands = [...records].filter(([, of]) => new Set(of.map(({ headers }) => headers['ce_id'])).size > 1)
  const allowed = sent * (1 + budget.share) + budget.floor
  return [
    none('I1 answers with another request’s id', '0', replied.length, crossed),
    figure('I2 outcomes for each request', '1', `${count(answers.length)} for ${count(sent)}`, answers.length === sent),
    none('I2 answers without an outcome', '0', answers.length, outcomeless),
    { ...none('I2 answers later than deadline + 500 ms', '0', answers.length, late), timed: true },
    timed('I2 latest answer after its deadline', '≤ 500 ms', `${Math.round(latest)} ms`, latest <= graceMs),
    none('I3 accepted or `sent`, and not in the log', '0', promised, lost),
    none('I4 called `not-sent`, and in the log', '0', unsent.length, found),
    none('I5 records beyond one for each command and sending', '0', sendings.size, repeated),
    none('I5 requests with two commands', '0', records.size, commands.map(String)),
    figure(
      'I5 sendings',
      `≤ ${count(Math.floor(allowed))}`,
      `${count(sent + counted.retries)} (${count(counted.retries)} repeated)`,
      sent + counted.retries <= allowed,
    ),
    ...judgeDeeds(answers, deeds, log),
    ...judgeReplies(answers, log, counted),
  ]
}

/** The worker's word: it did what was answered, and nothing that was called not sent. */
function judgeDeeds(answers: readonly Answer[], deeds: readonly Deed[], log: readonly Logged[]): readonly Figure[] {
  const done = new Set(deeds.map(({ id }) => id))
  const ids = new Set(log.map(({ headers }) => headers['ce_id']))
  const replied = answers.filter(served)
  const undone = replied.filter(({ id }) => !done.has(id)).map(told)
  const unsent = answers.filter(({ outcome }) => outcome === 'not-sent')
  const unasked = unsent.filter(({ id }) => done.has(id)).map(told)
  const unknown = deeds.filter(({ command }) => !ids.has(command)).map(({ id }) => id)
  return [
    none('I3 answered, and not done by the worker', '0', replied.length, undone),
    none('I4 called `not-sent`, and done', '0', unsent.length, unasked),
    none('I3 done, and not in the log', '0', deeds.length, unknown),
  ]
}

/** Whether each reply in the topic was counted as what it was: the first to a call that was answered, or a late or second one. */
function judgeReplies(answers: readonly Answer[], log: readonly Logged[], counted: Counted): readonly Figure[] {
  const outcome = new Map(answers.map(answer => [answer.id, served(answer)]))
  const answered = new Map<string, boolean>() // by correlation id, whether its client got the reply
  for (const [id, records] of byOrder(log))
    for (const { headers } of records) {
      const correlation = headers['sluice-correlation-id']
      if (correlation !== undefined) answered.set(correlation, outcome.get(id) === true)
    }
  const wanted = { answered: 0, late: 0, duplicate: 0, other: 0 }
  const seen = new Set<string>()
  for (const { topic, headers } of log) {
    if (topic !== topics.replies) continue
    const correlation = headers['sluice-correlation-id'] ?? ''
    const known = answered.get(correlation)
    if (known === undefined) wanted.other++
    else if (!known) wanted.late++
    else if (seen.has(correlation)) wanted.duplicate++
    else wanted.answered++
    seen.add(correlation)
  }
  return (['answered', 'late', 'duplicate', 'other'] as const).map(name =>
    figure(`replies counted as ${name}`, count(wanted[name]), count(counted[name]), wanted[name] === counted[name]),
  )
}
