import { headerOf } from '../../call.ts'
import type { Call, Pair, Reply, Service } from '../../call.ts'
import { until, wallClock } from '../../clock.ts'
import type { Sink } from '../../feed.ts'
import { Problem } from '../../problem.ts'
import { isSameLog } from '../past.ts'
import { checkJson, cursorOf, isJson, isText, readingOf, stepOf, tokenOf } from './asked.ts'
import type { Place, Reading } from './asked.ts'
import { nameOf } from './journal.ts'
import type { Journal, Publish } from './journal.ts'
import type { StreamState, Verdict } from './ledger.ts'
import type { Step } from './record.ts'

const nothing = Buffer.alloc(0)
const embeddable: Pair = ['Cross-Origin-Resource-Policy', 'cross-origin']
const fresh: Pair = ['Cache-Control', 'no-store']
/** A long poll ends by itself so long before its deadline, as nothing new is no failure. */
const answerMs = 50
/** A client of events comes again now and then, so that those who want the same may meet (5.7). */
const sseMs = 60_000

/** Answers requests of the Durable Streams protocol 1.0 for the keys of a topic: the innermost service of such a stream route. */
export function durable(journal: Journal, publish: Publish): Service<Call, Reply> {
  const known = (key: string): StreamState => {
    const stream = journal.stream(key)
    if (stream === null) throw new Problem('unknown-stream', `${journal.topic} has no stream of this key.`)
    return stream
  }
  return async function durable(call) {
    if (call.key === null || call.key.length === 0) throw new Problem('invalid-request', 'The stream has no name.')
    const key = nameOf(call.key)
    journal.stream(key) // whether it can be asked
    switch (call.told.method) {
      case 'HEAD':
        return head(known(key))
      case 'PUT':
        return written(await write(journal, call, checkJson(stepOf(call, 'create')), publish), call)
      case 'POST':
        return written(await write(journal, call, appendOf(call, known(key)), publish), call)
      case 'DELETE':
        known(key)
        return written(await write(journal, call, { ...none, kind: 'delete' }, publish), call)
      default:
        return await read(journal, call, key, () => known(key))
    }
  }
}

const none: Omit<Step, 'kind'> = { type: null, producer: null, seq: null, closes: false, value: null }

function appendOf(call: Call, stream: StreamState): Step {
  const step = stepOf(call, 'append')
  return isJson(stream.type) ? checkJson(step) : step
}

async function write(journal: Journal, call: Call, step: Step, publish: Publish): Promise<Verdict> {
  const { topic, partition, key, signal, progress } = call
  const acknowledged: Publish = async record => {
    const at = await publish(record)
    progress.outcome = 'sent'
    return at
  }
  return await journal.write(step, { topic, partition, key, signal }, acknowledged)
}

const placeOf = ({ next, closed, log }: StreamState): Pair[] => [
  ['Stream-Next-Offset', tokenOf(next, log)],
  ...(closed ? [['Stream-Closed', 'true'] as const] : []),
]

/** What became of a step, as the protocol says it. */
function written({ fate, stream, producer }: Verdict, call: Call): Reply {
  const own: Pair[] = stream === null ? [] : placeOf(stream)
  const epoch = (): Pair[] => (producer === undefined ? [] : [['Producer-Epoch', `${producer.epoch}`]])
  const done = (): Pair[] => (producer === undefined ? [] : [...epoch(), ['Producer-Seq', `${producer.seq}`]])
  const received = headerOf(call.told.headers, 'producer-seq') ?? ''
  switch (fate) {
    case 'created':
      if (stream !== null) own.push(['Location', call.told.path], ['Content-Type', stream.type])
      return bare(201, own)
    case 'exists':
      if (stream !== null) own.push(['Content-Type', stream.type])
      return bare(200, own)
    case 'appended':
      return bare(producer === undefined || call.body.length === 0 ? 204 : 200, [...own, ...done()])
    case 'duplicate':
      return bare(204, [...own, ...done()])
    case 'deleted':
      return bare(204, [])
    case 'unknown':
      throw new Problem('unknown-stream', 'There is no stream of this key.')
    case 'full':
      throw new Problem('buffer-full', 'There are as many streams as the route allows.', { retryAfterMs: 60_000 })
    case 'misbegun':
      throw new Problem('invalid-request', 'A new epoch begins with the batch 0.')
    case 'stale':
      return refused(403, 'The producer has a newer epoch.', epoch())
    case 'gap':
      return refused(409, 'A batch of the producer is missing.', [
        ['Producer-Expected-Seq', `${(producer?.seq ?? -1) + 1}`],
        ['Producer-Received-Seq', received],
      ])
    case 'late':
      return refused(409, 'Stream-Seq is not above the last one.', own)
    case 'mismatch':
      return refused(409, 'The stream is of another kind.', own)
    case 'closed':
      break
  }
  return refused(409, 'The stream is closed.', own)
}

const bare = (status: number, own: readonly Pair[]): Reply => ({
  status,
  headers: [],
  own: [...own, embeddable],
  body: nothing,
})

/** The protocol wants more of these than a problem has: headers that tell the client how to go on. */
const refused = (status: number, detail: string, own: readonly Pair[]): Reply => ({
  status,
  headers: [['content-type', 'application/problem+json']],
  own: [...own, embeddable, fresh],
  body: Buffer.from(JSON.stringify({ title: detail, status, detail, outcome: 'not-sent' })),
})

function head(stream: StreamState): Reply {
  return bare(200, [...placeOf(stream), ['Content-Type', stream.type], fresh])
}

async function read(journal: Journal, call: Call, key: string, known: () => StreamState): Promise<Reply> {
  const asked = readingOf(call)
  const { live, place } = asked
  let stream = known()
  const from = startOf(place, stream)
  const { log } = stream
  if (live === 'sse') return streamed(journal, key, stream, asked, from)
  if (live === 'long-poll')
    for (
      let leftMs = until(call.deadline) - answerMs;
      stream.next <= from && !stream.closed && leftMs > 0 && !call.signal.aborted;
      leftMs = until(call.deadline) - answerMs
    ) {
      await journal.changes.wait(key, leftMs, call.signal)
      stream = known()
      checkLog(stream, log)
    }
  const own: Pair[] = live === 'long-poll' ? [['Stream-Cursor', cursorOf(asked.cursor, wallClock())]] : []
  const nothingNew = from >= stream.next
  if (nothingNew && live === 'long-poll')
    return bare(204, [...own, ...placeOf(stream), ['Stream-Up-To-Date', 'true'], fresh])
  const { values, next } =
    place.at === 'now' && nothingNew ? { values: [], next: stream.next } : await journal.excerpt(key, stream, from)
  const atEnd = next >= stream.next
  const etag = `"${stream.first}:${from}:${tokenOf(next, log)}${atEnd && stream.closed ? ':closed' : ''}"`
  own.push(['Stream-Next-Offset', tokenOf(next, log)])
  if (atEnd) own.push(['Stream-Up-To-Date', 'true'])
  if (atEnd && stream.closed) own.push(['Stream-Closed', 'true'])
  if (place.at === 'now') own.push(fresh)
  else own.push(['ETag', etag], ['Cache-Control', 'private, no-cache'])
  const match = headerOf(call.told.headers, 'if-none-match')
  if (place.at !== 'now' && match === etag) return bare(304, own)
  const body = bodyOf(stream.type, values)
  if (body.length === 0) return bare(200, [...own, ['Content-Type', stream.type]])
  return { status: 200, headers: [['content-type', stream.type]], own: [...own, embeddable], body }
}

function startOf(place: Place, stream: StreamState): number {
  const { first, next } = stream
  if (place.at === 'start') return first
  if (!('offset' in place)) return next
  checkLog(stream, place.log)
  return Math.max(first, place.offset)
}

/** At an offset of the log that was, the new one would be read with what is before it left out. */
function checkLog(stream: StreamState, log: number): void {
  if (!isSameLog(stream.log, log))
    throw new Problem('offset-gone', 'The topic of the stream was made anew: what stood there is gone.')
}

function bodyOf(type: string, values: readonly Uint8Array[]): Buffer {
  if (!isJson(type)) return Buffer.concat(values)
  return Buffer.from(`[${messagesOf(values).join(',')}]`)
}

/** The messages of JSON bodies as text: the elements of an array are messages of their own, and stand as they were written. */
function messagesOf(values: readonly Uint8Array[]): string[] {
  return values.flatMap(value => {
    const text = Buffer.from(value).toString().trim()
    const inner = text.startsWith('[') ? text.slice(1, -1).trim() : text
    return inner === '' ? [] : inner
  })
}

/** Events of data, each followed by one that says where the client would go on. */
function streamed(journal: Journal, key: string, begun: StreamState, { cursor: given }: Reading, from: number): Reply {
  const encoded = !isText(begun.type)
  const join = (sink: Sink): Disposable => {
    const gone = new AbortController()
    let cursor = given
    const say = (event: string, data: string): boolean => sink.write(eventOf(event, data))
    const tell = async (): Promise<void> => {
      let [position, first] = [from, true]
      const endsAt = wallClock() + sseMs
      while (!gone.signal.aborted && !sink.gone) {
        const stream = journal.stream(key)
        if (stream === null || stream.first !== begun.first || !isSameLog(stream.log, begun.log)) break
        const idle = position >= stream.next
        const { values, next } = idle ? { values: [], next: position } : await journal.excerpt(key, stream, position)
        if (values.length > 0 && !say('data', dataOf(stream.type, values, encoded))) return sink.lag()
        position = next
        const atEnd = position >= stream.next
        if (first || values.length > 0 || (atEnd && stream.closed)) {
          cursor = cursorOf(cursor, wallClock())
          const closed = atEnd && stream.closed
          const control = {
            streamNextOffset: tokenOf(position, begun.log),
            ...(closed ? { streamClosed: true } : { streamCursor: cursor }),
            ...(atEnd && { upToDate: true }),
          }
          if (!say('control', JSON.stringify(control))) return sink.lag()
          if (closed) break
        }
        first = false
        if (!atEnd) await sink.drained()
        else if (wallClock() >= endsAt) break
        else await journal.changes.wait(key, endsAt - wallClock(), gone.signal)
      }
      sink.end(1_000)
    }
    void tell().catch(() => sink.end(1_000))
    return { [Symbol.dispose]: () => gone.abort() }
  }
  const own: readonly Pair[] = [
    embeddable,
    ['Cache-Control', 'no-cache'],
    ...(encoded ? [['Stream-SSE-Data-Encoding', 'base64'] as const] : []),
  ]
  return { status: 200, headers: [], own, body: nothing, feed: { over: false, join } }
}

/** A blank after the colon would be taken away, and is one of the line's own here. */
const lineOf = (line: string): string => `data:${line.startsWith(' ') ? ' ' : ''}${line}\n`
const eventOf = (event: string, data: string): Buffer =>
  Buffer.from(
    `event: ${event}\n${data
      .split(/\r\n|\r|\n/)
      .map(lineOf)
      .join('')}\n`,
  )

const dataOf = (type: string, values: readonly Uint8Array[], encoded: boolean): string => {
  const body = bodyOf(type, values)
  return encoded ? body.toString('base64') : body.toString()
}
