import type { ProcessOptions } from '../../../config/schema/index.ts'
import type { Reply, Told } from '../../call.ts'
import { isoTime } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import type { Outcome, ProblemCode } from '../../problem.ts'
import { randomText } from '../../random.ts'
import type { Headers, Incoming } from '../broker.ts'
import { replyHeaders, replyReader } from '../wire/index.ts'

/** Who holds an Idempotency-Key, and with which request: both are hashes. */
export type Holding = Readonly<{ scope: string; fingerprint: string }>

/** Where the command of an operation went, so that a cancel record can follow it. */
export type Target = Readonly<{ topic: string; partition: number; key: string | null }>

/** What is known of an operation from its beginning. Times are epoch milliseconds. */
export type Accepted = Readonly<{
  kind: 'accepted'
  client: string // who alone may see it
  route: string
  worker: string
  command: string // the identity of its command, ce_id
  secret: string // the part of its correlation id that its client does not know
  by: string // the incarnation that accepted it: the first to see to it
  at: number
  expires: number
  keepMs: number // how long it is kept after its end
  target: Target
  holds: Holding | null
  callback?: string // the URL that is told of its end
  process?: Started | undefined // of an operation that is a process
}>

/** The first record of an operation whose command waits: it comes into the log before the command comes into its topic. */
export type Beginning = Readonly<{ topic: string; id: string; accepted: Accepted }>

/** What a process is begun with. Its plan stays as it was, whatever the configuration says later. */
export type Started = Readonly<{
  name: string
  plan: ProcessOptions
  template: string // of the path of its route
  told: Told
  body: string // of the request, in base64
}>

/** Something that happened to a process: the `n`th that counts. */
export type StepEvent = Readonly<{
  kind: 'step'
  n: number
  by: string // the incarnation that wrote it
  at: number
  what: 'sent' | 'answered' | 'silent' | 'resumed'
  status?: number
  reply?: string | null
}>

export type Progress = Readonly<{ kind: 'progress'; percent: number; note: string; at: number }>

/** How an operation ends: the first of them in the log is its end. */
export type Ending = Readonly<
  | { kind: 'completed'; reply: Reply; at: number; lateMs: number }
  | { kind: 'failed'; code: ProblemCode; detail: string; outcome: Outcome; at: number }
  | { kind: 'cancelled'; at: number }
  | { kind: 'expired'; at: number; outcome?: Outcome } // of its command, where more is known than that nobody answered
>

/** What became of telling its callback. */
export type Called = Readonly<{
  kind: 'called'
  result: 'delivered' | 'ended' | 'refused' | 'exhausted'
  attempts: number
  detail: string
  at: number
}>
/** Somebody wants its callback told once more. */
export type Recalled = Readonly<{ kind: 'recalled'; at: number }>

/** Something that happened to an operation: a record of the log. */
export type Event = Accepted | Progress | StepEvent | Ending | Called | Recalled
/** `forgotten` is a tombstone: of `accepted` it ends everything. */
export type Read = Readonly<{ id: string; key: string; event: Event | 'forgotten' }>

const readReply = replyReader({ dialect: 'sluice', maxReplyBytes: Infinity })
const kindHeader = 'sluice-event'
const timeHeader = 'sluice-at'
const lateHeader = 'sluice-late-ms'

/** 128 random bits, as text that no parser takes for a number. */
export const secretOf = (): string => randomText(16)
export const newId = (): string => `o${secretOf()}`
const idPattern = /^o[\w-]{22}$/
export const isId = (text: string): boolean => idPattern.test(text)

/**
 * The key of an event's record. What may compete has a key of its own: compaction keeps the last record of each key, and the
 * first of the rivals must never be it that goes.
 */
export function keyOf(id: string, { kind }: Event): string {
  if (kind === 'accepted') return id
  const isShared = kind === 'progress' || kind === 'called' || kind === 'recalled' // the last of them counts
  return `${id}/${isShared ? kind : randomText(6)}`
}

type Written = Readonly<{ key: string; value: Uint8Array; headers: Headers }>

export function write(id: string, event: Event): Written {
  const key = keyOf(id, event)
  const kind = [kindHeader, Buffer.from(event.kind)] as const
  if (event.kind !== 'completed') return { key, value: Buffer.from(JSON.stringify(event)), headers: [kind] }
  const { reply, at, lateMs } = event
  const times = [
    [timeHeader, Buffer.from(String(at))],
    [lateHeader, Buffer.from(String(lateMs))],
  ] as const
  const [, ...told] = replyHeaders('sluice', { correlation: noBytes }, reply) // an event answers nobody
  return { key, value: reply.body, headers: [kind, ...times, ...told] }
}

const noBytes = new Uint8Array()

/** Reads a record of the log; null for what is none of its events. */
export function read(record: Incoming): Read | null {
  const key = record.key === null ? '' : textOf(record.key)
  const [id = ''] = key.split('/', 1)
  if (!isId(id)) return null
  if (record.value === null) return { id, key, event: 'forgotten' }
  try {
    const event = eventOf(record)
    return event === null ? null : { id, key, event }
  } catch {
    return null // somebody else's record in our topic must not stop the log
  }
}

const ends = ['failed', 'cancelled', 'expired']
const jsonKinds: ReadonlySet<string> = new Set(['accepted', 'progress', 'step', ...ends, 'called', 'recalled'])

function eventOf(record: Incoming): Event | null {
  const said = (name: string): string | null => {
    const found = record.headers.find(([other]) => other === name)
    return found === undefined ? null : textOf(found[1])
  }
  const kind = said(kindHeader)
  if (kind === 'completed')
    return {
      kind,
      reply: readReply(record, 'The log'),
      at: Number(said(timeHeader)),
      lateMs: Number(said(lateHeader)),
    }
  if (kind === null || !jsonKinds.has(kind)) return null
  return JSON.parse(textOf(record.value ?? new Uint8Array())) as Event
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()

/** RFC 3339, for people. */
export const timeOf = (at: number): string => isoTime(at as EpochMs)
