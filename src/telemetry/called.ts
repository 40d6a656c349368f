import { isoTime } from '../clock.ts'
import type { EpochMs } from '../clock.ts'
import type { Happenings } from '../events.ts'
import type { Life, Step } from './history.ts'

/** The life of a command that became a call to an upstream. One that ended without a status was given up, or its signal aborted. */
export function lifeOfCalled(called: Happenings['called'], endedAt: EpochMs): Life {
  const { id, route, upstream, asked, place, sendings, outcome, status, code, why } = called
  const ms = Math.round(called.ms * 100) / 100
  const runs = status === null && why === null
  const command = asked === '' ? 'a command' : asked
  const steps: Step[] = [
    { atMs: 0, step: 'received', detail: `${command} from ${place.topic}[${place.partition}] at ${place.offset}` },
  ]
  const add = (step: string, detail: string): void => void steps.push({ atMs: ms, step, detail })
  if (sendings > 0) add('called', `the upstream ${upstream}${sendings === 1 ? '' : `, ${sendings} times`}`)
  if (runs) add('waiting', `The outcome at present is ${outcome}.`)
  else if (status !== null) add('answered', `${status}, ${outcome}`)
  else add(code === null ? 'ended' : `given up: ${code}`, why ?? '')
  const at = isoTime((endedAt - called.ms) as EpochMs)
  return { id, route, worker: upstream, client: null, at, status, outcome, ms: runs ? null : ms, code, steps }
}
