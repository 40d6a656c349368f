/** What the value of a command without content is: null (a tombstone), zero bytes, or `{}`. */
export type EmptyBody = null | 'null' | 'empty' | 'object'

/** The bytes of a partition in a header. */
type Encoding = Readonly<{
  write: (partition: number) => Uint8Array
  /** Null for what is no partition. */
  read: (value: Buffer) => number | null
}>

/** The header names and encodings of a family of workers, and what it needs. Names are written as given here, and read in any case. */
export type Row = Readonly<{
  correlation: string
  replyTopic: string
  /** Null: its workers answer to any partition of the topic. */
  replyPartition: (Readonly<{ name: string }> & Encoding) | null
  /** Header of a reply with its status, beside `sluice-status`. */
  status: string | null
  /** Header of a reply that says what failed. */
  error: string | null
  /** Header of a reply with its content type, beside `content-type`; quotes around the value are taken off. */
  contentTypeName: string | null
  /** HTTP headers also stand under their own names, in commands (with `:method` and `:path`) and in replies. */
  plainHeaders: boolean
  /** Content type of replies that name none. */
  contentType: string | null
  emptyBody: EmptyBody
  /** The workers garble or skip a command with a header that is not UTF-8. */
  textOnly: boolean
  /** The most common reason for a reply without a correlation id. */
  unmarked: string | null
}>

const decimal: Encoding = {
  write: partition => Buffer.from(String(partition)),
  read: value => (/^\d{1,9}$/.test(value.toString('latin1')) ? Number(value.toString('latin1')) : null),
}
const int32: Encoding = {
  write: partition => {
    const value = Buffer.alloc(4)
    value.writeInt32BE(partition)
    return value
  },
  read: value => (value.length === 4 ? value.readInt32BE() : null),
}

const plain = {
  status: null,
  error: null,
  contentTypeName: null,
  plainHeaders: false,
  contentType: null,
  emptyBody: null,
  textOnly: false,
  unmarked: null,
} as const

/** docs/dialects.md has them as a table. */
const rows = {
  sluice: {
    ...plain,
    correlation: 'sluice-correlation-id',
    replyTopic: 'sluice-reply-to',
    replyPartition: { name: 'sluice-reply-partition', ...decimal },
  },
  spring: {
    ...plain,
    correlation: 'kafka_correlationId',
    replyTopic: 'kafka_replyTopic',
    replyPartition: { name: 'kafka_replyPartition', ...int32 },
    contentTypeName: 'contentType',
    emptyBody: 'object', // a listener whose payload is required is not called for null, nor for zero bytes
    unmarked:
      'a Spring listener that returns a List or a Set sends each element without it: set splitIterables to false',
  },
  nestjs: {
    ...plain,
    correlation: 'kafka_correlationId',
    replyTopic: 'kafka_replyTopic',
    replyPartition: { name: 'kafka_replyPartition', ...decimal },
    error: 'kafka_nest-err',
    contentType: 'application/json',
    textOnly: true,
  },
  smallrye: {
    ...plain,
    correlation: 'REPLY_CORRELATION_ID',
    replyTopic: 'REPLY_TOPIC',
    replyPartition: { name: 'REPLY_PARTITION', ...int32 },
    unmarked: 'a method that returns Message.of(…) sends it without the headers of a reply: return the payload alone',
  },
  zilla: {
    ...plain,
    correlation: 'zilla:correlation-id',
    replyTopic: 'zilla:reply-to',
    replyPartition: null,
    status: ':status',
    plainHeaders: true,
  },
  faststream: {
    ...plain,
    correlation: 'correlation_id',
    replyTopic: 'reply_to',
    replyPartition: null,
    emptyBody: 'object', // null is a JSON error to it: the command is skipped
    textOnly: true,
  },
} satisfies Readonly<Record<string, Row>>

/** A dialect by its name, or a custom one. */
export type Dialect = keyof typeof rows | Row

export const dialectNames = Object.keys(rows) as readonly (keyof typeof rows)[]

export const rowOf = (dialect: Dialect): Row => (typeof dialect === 'string' ? rows[dialect] : dialect)

/** A custom dialect, as in the configuration. */
export type Custom = Readonly<{
  correlation: string
  replyTopic: string
  replyPartition?: string | undefined
  partitionEncoding: 'text' | 'int32'
  status?: string | undefined
  error?: string | undefined
}>

/** The dialect of a worker in the configuration. */
export function dialectOf(
  worker: Readonly<{ dialect: keyof typeof rows | 'custom'; custom?: Custom | undefined }>,
): Dialect {
  if (worker.dialect !== 'custom') return worker.dialect
  if (worker.custom === undefined) throw new Error('The custom dialect has no names.') // the configuration was checked
  const { correlation, replyTopic, replyPartition, partitionEncoding, status = null, error = null } = worker.custom
  const encoding = partitionEncoding === 'text' ? decimal : int32
  return {
    ...plain,
    correlation,
    replyTopic,
    replyPartition: replyPartition === undefined ? null : { name: replyPartition, ...encoding },
    status,
    error,
    textOnly: true,
  }
}
