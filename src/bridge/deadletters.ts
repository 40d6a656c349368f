import { Aborter } from '../aborter.ts'
import type { Broker, Header, Headers, Incoming } from './broker.ts'
import { readDead, resentFor } from './dead.ts'
import type { Coordinates, DeadLetter } from './dead.ts'

/** A dead letter where it is kept. */
export type Kept = DeadLetter & Readonly<{ place: Coordinates; resent: boolean }>

const pageBytes = 1_048_576
const resentMark = 'sluice-dead-resent'
/** A command that is asked for anew has no deadline of its first asking, and no client that waits for it. */
const outdated: ReadonlySet<string> = new Set(['sluice-expires', resentFor])

/** How a dead letter is named on the command line: topic/partition/offset. */
export const nameOf = ({ place: { topic, partition, offset } }: Kept): string => `${topic}/${partition}/${offset}`

/** All dead letters of a topic that are kept, oldest first in each partition; `resent` are those that were sent again. Throws topic-missing or broker-unavailable. */
export async function deadLetters({ past }: Pick<Broker, 'past'>, topic: string): Promise<readonly Kept[]> {
  const resent = new Set<string>()
  const letters: Omit<Kept, 'resent'>[] = []
  for await (const record of records(past, topic)) {
    const note = record.headers.find(([name]) => name === resentMark)
    if (note !== undefined) resent.add(Buffer.from(note[1]).toString())
    const letter = readDead(record)
    if (letter !== null && note === undefined) letters.push({ ...letter, place: record })
  }
  return letters.map(letter => {
    const { topic, partition, offset } = letter.place
    const place = { topic, partition, offset }
    return { ...letter, place, resent: resent.has(`${partition}/${offset}`) }
  })
}

/** Every record that a topic has at present. */
async function* records(past: Broker['past'], topic: string): AsyncGenerator<Incoming> {
  const [starts, ends] = [await past.offsets(topic, 'earliest'), await past.offsets(topic, 'end')]
  for (const [partition, start] of starts.entries()) {
    const end = ends[partition] ?? 0n
    for (let from = start; from < end;) {
      const page = await past.page({ topic, partition, from, maxBytes: pageBytes })
      yield* page.records
      if (page.next === from) break // what was there has been deleted meanwhile
      from = page.next
    }
  }
}

/**
 * Sends the record of a dead letter to its topic again, as it was but for its deadline, and notes that beside the letter. In
 * this order: what is interrupted in between is sent twice rather than lost.
 */
export async function resend(broker: Pick<Broker, 'publish' | 'partitionFor'>, letter: Kept): Promise<void> {
  const { origin, record, place } = letter
  const { key, value } = record
  const kept = record.headers.filter(([name]) => !outdated.has(name))
  // other subscribers of the topic have had it
  const headers: Headers = letter.by.startsWith('push.') ? [...kept, [resentFor, Buffer.from(letter.by)]] : kept
  const partition = key === null ? origin.partition : broker.partitionFor(origin.topic, key)
  const common = { key, acks: 'all', signal: new Aborter() } as const
  await broker.publish({ ...common, topic: origin.topic, partition, value, headers })
  const note: Header = [resentMark, Buffer.from(`${place.partition}/${place.offset}`)]
  await broker.publish({ ...common, topic: place.topic, partition: place.partition, value: null, headers: [note] })
}
