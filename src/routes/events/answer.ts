import { Aborter } from '../../aborter.ts'
import { unsent } from '../../call.ts'
import type { Call, Priority } from '../../call.ts'
import { now } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { answer, entrancesOf, invite, letIn } from '../answer.ts'
import type { Serve } from '../edge.ts'
import type { Exchange } from '../exchange.ts'
import { intake, mediaType } from '../intake.ts'
import type { Shared, Way } from '../intake.ts'
import type { Params } from '../key.ts'
import { Batch } from './batch.ts'
import type { Results } from './batch.ts'
import { isBinary, structuredEvent } from './cloudevent.ts'
import { eventIntake, ofCloudEvent, ofEvents } from './intake.ts'
import { parseJson } from './json.ts'
import { answerOf } from './results.ts'
import { Splitter, elements, lines } from './split.ts'

const lineTypes: readonly string[] = ['application/x-ndjson', 'application/ndjson']

/** Serves the requests of an event route: those that bring one event as any other, and batches where it takes them. Never throws. */
export function answerEvents(way: Way, shared: Shared): Serve {
  const { bodyBytes, priority: usual, event } = way.route
  const taken = intake(way, shared)
  const single = answer(way, shared, event?.cloudEvents === true ? eventIntake(taken) : taken)
  const batch = event?.batch
  if (batch === undefined) return single
  const { hasBody } = intake({ ...way, route: { ...way.route, bodyBytes: batch.bytes, decode: [] } }, shared)
  const entrances = entrancesOf(way.name, taken.worker, shared)
  const ofEvent = ofCloudEvent(taken)

  /** What the body of a request is: null for one event. */
  const kindOf = ({ req: { headers } }: Exchange): 'lines' | 'elements' | 'events' | null => {
    const type = mediaType(headers['content-type'] ?? '')
    if (event?.cloudEvents === true && isBinary(headers)) return null
    if (lineTypes.includes(type)) return 'lines'
    if (type === `${ofEvents}-batch+json` && event?.cloudEvents === true) return 'events'
    return type === 'application/json' ? 'elements' : null
  }

  function begin(exchange: Exchange, params: Params, priority: Priority, kind: 'lines' | 'elements' | 'events'): void {
    const { req } = exchange
    const splitter = new Splitter(kind === 'lines' ? lines() : elements(), bodyBytes)
    const enter = (body: Buffer): Call => {
      if (kind === 'events') {
        if (splitter.alone) throw new Problem('invalid-request', 'A batch of CloudEvents is a JSON array.')
        return ofEvent(exchange, params, structuredEvent(body), priority)
      }
      if (splitter.alone) return taken.enter(exchange, params, body, priority)
      parseJson(body)
      const call = taken.enter(exchange, params, body, priority)
      return { ...call, told: { ...call.told, contentType: 'application/json' } }
    }
    const reading = new Batch({
      req,
      splitter,
      most: batch?.events ?? 1,
      enter,
      service: call => way.service(splitter.alone ? call : byItself(call, exchange)),
      ended: results => conclude(exchange, results),
    })
    if (req.headers.expect !== undefined) invite(exchange)
    const { bytes, timeoutMs } = batch ?? { bytes: 0, timeoutMs: 0 }
    const end = (problem: Problem | null): void => {
      if (problem?.code === 'request-timeout') exchange.last = true
      reading.end(problem)
    }
    req.readPieces(bytes, timeoutMs, end, piece => reading.take(piece))
    if (exchange.admission === null) reading.open()
    else
      exchange.admission.then(
        () => reading.open(),
        (error: unknown) => {
          const problem = Problem.from(error)
          req.fail(problem) // what still comes is read and thrown away
          exchange.refuse(problem)
        },
      )
  }

  return function answerEvents(exchange, params) {
    exchange.route = way.name
    const { req, connection } = exchange
    const kind = kindOf(exchange)
    try {
      if (kind === null || !hasBody(exchange)) return single(exchange, params)
      const priority = shared.priorityOf(usual, connection.peer, req.headers)
      // no more of it is held than what is under way
      const held = Math.min(req.announced || 0, bodyBytes)
      if (entrances !== null && !letIn(exchange, entrances[priority], held)) return
      begin(exchange, params, priority, kind)
    } catch (error) {
      const problem = Problem.from(error)
      exchange.refuse(problem, problem.code === 'unsupported-coding' ? ['Accept-Encoding', taken.codings] : [])
    }
  }
}

/** An event has a time of its own, which begins with it, and goes on when its client has left: it was whole. */
function byItself(call: Call, { started }: Exchange): Call {
  const aborter = new Aborter()
  const at = now()
  const shifted = (instant: Instant): Instant => (instant + at - started) as Instant
  return {
    ...call,
    started: at,
    deadline: shifted(call.deadline),
    expires: shifted(call.expires),
    aborter,
    signal: aborter.signal,
  }
}

/** Answers once all that was read has become of something. */
function conclude(exchange: Exchange, results: Results): void {
  const { first, outcome, alone } = results
  if (first !== null)
    exchange.call = alone ? first : { ...first, progress: { ...unsent(), outcome, quota: first.progress.quota } }
  const [result] = results.results
  const answered = alone && result !== undefined && 'reply' in result ? result.reply : answerOf(exchange.id, results)
  try {
    if (answered instanceof Problem) exchange.refuse(answered)
    else exchange.reply(answered, none)
  } catch (error) {
    exchange.refuse(Problem.from(error))
  }
}

const none: ReadonlySet<string> = new Set()
