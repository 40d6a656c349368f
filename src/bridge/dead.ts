export type { DeadReason } from '../events.ts'
import { isoTime, parseTime, pause, wallClock } from '../clock.ts'
import type { EpochMs } from '../clock.ts'
import type { Service } from '../call.ts'
import { deadReasons } from '../events.ts'
import type { DeadReason } from '../events.ts'
import { Problem } from '../problem.ts'
import type { Signal } from '../aborter.ts'
import type { Acknowledged, Broker, Header, Headers, Incoming, Outgoing } from './broker.ts'

/** How a record came to be given up: `by` names who did, such as `calls.shop`; `detail` is a sentence without secrets. */
export type Death = Readonly<{ by: string; reason: DeadReason; detail: string; attempts: number }>

/** Thrown by whoever gives a record up. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
  readonly death: Omit<Death, 'by'>

  constructor(death: Omit<Death, 'by'>) {
    super(death.detail)
    this.death = death
  }
}

/** Where a record is. */
export type Coordinates = Readonly<{ topic: string; partition: number; offset: bigint }>

/** A dead letter as read: `record` is as it was in its topic, `at` is when it was given up. */
export type DeadLetter = Death &
  Readonly<{ origin: Coordinates; at: EpochMs | null; record: Pick<Incoming, 'key' | 'value' | 'headers'> }>

/** Header of a record that is sent again for one reader of its topic alone: those that `push` passes over for all others. */
export const resentFor = 'sluice-resent-for'

const prefix = 'sluice-dead-'
const longestDetail = 1_000
const name = (what: string): string => prefix + what

/** The headers of a dead letter: those of the record, and what became of it. Key and value stay as they were. */
export function deadHeaders(record: Incoming, { by, reason, detail, attempts }: Death): Headers {
  const said: readonly (readonly [string, string])[] = [
    ['by', by],
    ['reason', reason],
    ['detail', detail.slice(0, longestDetail)],
    ['attempts', String(attempts)],
    ['topic', record.topic],
    ['partition', String(record.partition)],
    ['offset', String(record.offset)],
    ['at', isoTime(wallClock())],
  ]
  return [
    ...record.headers.filter(([header]) => !header.startsWith(prefix)),
    ...said.map(([what, value]): Header => [name(what), Buffer.from(value)]),
  ]
}

/** Reads a dead letter; null for a record that is none. */
export function readDead({
  key,
  value,
  headers,
}: Incoming | Pick<Incoming, 'key' | 'value' | 'headers'>): DeadLetter | null {
  const said = new Map<string, string>()
  for (const [header, content] of headers)
    if (header.startsWith(prefix)) said.set(header.slice(prefix.length), Buffer.from(content).toString())
  const [topic, offset] = [said.get('topic'), said.get('offset')]
  const partition = Number(said.get('partition'))
  const reason = deadReasons.find(reason => reason === said.get('reason'))
  if (topic === undefined || offset === undefined || !/^\d{1,19}$/.test(offset) || reason === undefined) return null
  if (!Number.isInteger(partition)) return null
  return {
    by: said.get('by') ?? '',
    reason,
    detail: said.get('detail') ?? '',
    attempts: Number(said.get('attempts')) || 0,
    origin: { topic, partition, offset: BigInt(offset) },
    at: parseTime(said.get('at') ?? ''),
    record: { key, value, headers: headers.filter(([header]) => !header.startsWith(prefix)) },
  }
}

/** What it takes to give records up. */
export type Graveyard = Readonly<{
  topic: string
  partitionFor: Broker['partitionFor']
  publish: Service<Outgoing, Acknowledged>
}>

const baseMs = 100
const capMs = 5_000

/**
 * Writes a dead letter, and tries again until the brokers have it. A record that is too large for the topic goes there
 * without its value, as its coordinates say where that is. False when the signal aborted first: the record is not given up.
 */
export async function bury(
  { topic, partitionFor, publish }: Graveyard,
  record: Incoming,
  death: Death,
  signal: Signal,
): Promise<boolean> {
  const headers = deadHeaders(record, death)
  let { value } = record
  for (let attempt = 0; !signal.aborted; attempt++)
    try {
      const partition = partitionFor(topic, record.key)
      await publish({ topic, partition, key: record.key, value, headers, acks: 'all', signal })
      return true
    } catch (error) {
      if (Problem.from(error).code === 'too-large' && value !== null) value = null
      else await pause(Math.random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 10)), signal)
    }
  return false
}
