import type { Format, Gap, Told } from '../../feed.ts'

/** A message as one JSON text: what lines and WebSocket messages hold. JSON values stand in it as they are. */
export const messages = {
  record: ({ id, kind, text, key }: Told): string => {
    const head = `{"id":"${id}"`
    if (kind === 'json') return `${head},"data":${text}}`
    if (kind === 'tombstone') return `${head},"event":"tombstone","key":${JSON.stringify(key)}}`
    return `${head},${kind === 'bytes' ? '"event":"bytes",' : ''}"data":${JSON.stringify(text)}}`
  },
  gap: ({ id, topic, partition, missed, reason }: Gap): string =>
    JSON.stringify({ id, event: 'gap', data: { topic, partition, missed, reason } }),
  beat: (id: string | null): string => (id === null ? '{}' : `{"id":"${id}"}`),
  lagging: (): string => '{"event":"lagging"}',
  end: (retryMs: number | null): string => JSON.stringify({ event: 'end', ...(retryMs !== null && { retryMs }) }),
}

const line = (text: string): Buffer => Buffer.from(`${text}\n`)

/** One JSON object a line, for scripts. */
export const ndjson: Format = {
  name: 'ndjson',
  record: told => line(messages.record(told)),
  gap: gap => line(messages.gap(gap)),
  beat: id => line(messages.beat(id)),
  lagging: () => line(messages.lagging()),
  end: retryMs => line(messages.end(retryMs)),
}
