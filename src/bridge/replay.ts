import { Aborter } from '../aborter.ts'
import { now, pause, since } from '../clock.ts'
import type { Broker, Header, Incoming } from './broker.ts'
import type { Span } from './span.ts'

export type ReplayOptions = Readonly<{ broker: Broker; span: Span; into: string; perSecond: number }>

const mark = 'sluice-replayed'
const lookMs = 100

/**
 * Publishes the records of a span again, into a topic, at most `perSecond`: with key, value and headers as they were, and where that
 * was. Tells how many there are by now. Throws what publishing throws: those before are published.
 */
export async function* replay({ broker, span, into, perSecond }: ReplayOptions): AsyncIterable<number> {
  const same = (await broker.admin.topic(into))?.partitions === span.partitions
  const group = Math.max(1, Math.round((perSecond * lookMs) / 1_000))
  let waiting: Incoming[] = []
  let done = 0
  const begun = now()
  const flush = async (): Promise<void> => {
    await Promise.all(waiting.map(record => publish(broker, into, same, record)))
    done += waiting.length
    waiting = []
    await pause((done * 1_000) / perSecond - since(begun))
  }
  for await (const record of span.records()) {
    if (waiting.push(record) < group) continue
    await flush()
    yield done
  }
  await flush()
  yield done
}

/** Into the same partition where there are as many, so that the order of keyless records is kept too; else into that of its key. */
async function publish(broker: Broker, into: string, same: boolean, record: Incoming): Promise<void> {
  const { topic, partition, offset, key, value, headers } = record
  const place: Header = [mark, Buffer.from(`${topic}/${partition}/${offset}`)]
  await broker.publish({
    topic: into,
    partition: same ? partition : broker.partitionFor(into, key),
    key,
    value,
    headers: [...headers.filter(([name]) => name !== mark), place],
    acks: 'all',
    signal: new Aborter().signal,
  })
}
