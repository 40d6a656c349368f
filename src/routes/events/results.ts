import type { Reply } from '../../call.ts'
import type { Problem } from '../../problem.ts'
import { problemBody } from '../respond.ts'
import type { Result, Results } from './batch.ts'

/**
 * The answer to a batch: 202 when all its events are accepted, 207 with what became of each when they differ, and the problem
 * itself when all have the same.
 */
export function answerOf(id: string, { results, outcome }: Pick<Results, 'results' | 'outcome'>): Reply | Problem {
  let accepted = 0
  let problem: Problem | null = null
  let differ = false
  for (const result of results) {
    if ('reply' in result) accepted++
    else if (problem === null) problem = result.problem.withOutcome(result.outcome)
    else differ ||= problem.code !== result.problem.code
  }
  if (accepted === 0 && problem !== null && !differ)
    return problem.withOutcome(outcome === 'not-sent' ? problem.outcome : outcome)
  const body = `{"accepted":${accepted},"refused":${results.length - accepted},"events":[${results.map(told(id)).join()}]}`
  return { status: problem === null ? 202 : 207, headers: json, body: Buffer.from(body) }
}

/** A result as JSON: what its event would have been answered alone, with the status. */
const told =
  (id: string) =>
  (result: Result): string => {
    if (!('reply' in result)) return problemBody(id, result.problem, result.outcome).toString()
    const { status, body, own = [] } = result.reply
    const position = own.find(([name]) => name === 'Sluice-Position')?.[1]
    const more = position === undefined ? '' : `,"position":${JSON.stringify(position)}`
    return `{"status":${status}${more},${Buffer.from(body).toString().slice(1)}`
  }

const json = [['content-type', 'application/json']] as const
