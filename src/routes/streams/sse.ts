import type { Format, Gap, Told } from '../../feed.ts'

/** `data` may hold line breaks of any kind: each line is one of its own (HTML, 9.2.6). */
const dataOf = (text: string): string =>
  text.includes('\n') || text.includes('\r')
    ? text
        .split(/\r\n|\n|\r/)
        .map(line => `data: ${line}\n`)
        .join('')
    : `data: ${text}\n`

/**
 * Server-sent events (HTML, 9.2). The value of a record is the data of a `message`; of bytes that are no text it is their base64, in
 * an event `bytes`; what is gone is an event `tombstone` with its key.
 */
export const sse: Format = {
  name: 'sse',
  record: ({ id, kind, text, key }: Told) => {
    const event = kind === 'bytes' ? 'event: bytes\n' : kind === 'tombstone' ? 'event: tombstone\n' : ''
    return Buffer.from(`id: ${id}\n${event}${dataOf(kind === 'tombstone' ? (key ?? '') : text)}\n`)
  },
  gap: ({ id, topic, partition, missed, reason }: Gap) =>
    Buffer.from(`id: ${id}\nevent: gap\n${dataOf(JSON.stringify({ topic, partition, missed, reason }))}\n`),
  // an id without data moves the position of the client and is no event to it
  beat: id => Buffer.from(id === null ? ':\n\n' : `id: ${id}\n\n`),
  lagging: () => Buffer.from('event: lagging\ndata: {}\n\n'),
  end: retryMs => Buffer.from(retryMs === null ? 'event: end\ndata: {}\n\n' : `retry: ${retryMs}\n\n`),
}
