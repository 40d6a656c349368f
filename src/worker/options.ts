import type { Broker, Incoming } from '../bridge/broker.ts'
import type { Death } from '../bridge/dead.ts'
import type { Dialect } from '../bridge/wire/index.ts'
import type { Answer, Refusal } from './answer.ts'
import type { Command } from './command.ts'
import type { DuplicatesOptions } from './duplicates.ts'

export type Context = Readonly<{
  /** Aborts when the command expires, when its client cancels it, and when the worker stops: what the handler then throws is neither a reply nor a failure. */
  signal: AbortSignal
  /** When nobody wants the command done any more, in epoch milliseconds; null when the command does not say. */
  expires: number | null
  /** Tells the client of an operation how far it is, in percent; of any other command it does nothing. Throws a RangeError. */
  progress: (percent: number, note?: string) => void
}>

/** What a handler gives back: an answer, a refusal, or nothing, which is 204. */
export type Given = Answer | Refusal | void

/**
 * Answers a command. What it gives or throws with `refuse` is its reply; anything else that it throws, and what cannot be
 * sent, is answered 500, told to `onError`, and passed.
 */
export type CommandHandler = (command: Command, context: Context) => Given | Promise<Given>

export type WorkerOptions = Readonly<{
  topic: string
  group: string
  /** Names and encodings of the record headers. Default: `sluice`. */
  dialect?: Dialect
  /** Where a group without commits begins. Default: `earliest`; commands that have expired meanwhile are dropped. */
  from?: 'earliest' | 'end'
  /** Handlers running at once. Default: 64. */
  concurrency?: number
  /** Most records of one partition that are taken and not finished. Default: 256. */
  ahead?: number
  /** How far the clocks of gateway and worker may differ, in ms. Default: 1,000. */
  clockSkewMs?: number
  /**
   * The topic is a copy from another cluster, as MirrorMaker makes it: a record may have waited before it got its offset, so offsets
   * prove nothing of clocks, and what has expired on the way is dropped. Default: false.
   */
  mirrored?: boolean
  /** Answers kept for duplicates. Default: 10,000, 64 MiB, 10 minutes. */
  duplicates?: Partial<DuplicatesOptions>
  /** How long sending a reply is retried when its command never expires, in ms. Default: 60,000. */
  replyMs?: number
  /** How long `close` waits for what runs before its signals abort, in ms. Default: 10,000. */
  stopMs?: number
  /** Told of what a handler threw or gave back that cannot be sent, and of records that are no commands (null). Default: a warning among the events of this process. */
  onError?: (error: unknown, command: Command | null) => void
}>
export type ServeOptions = WorkerOptions &
  Readonly<{
    broker: Pick<Broker, 'join' | 'publish' | 'admin'>
    /** Takes the records that are no commands, and those of which the handler throws a GivenUp: they get no reply, and are finished once it resolves true. */
    giveUp?: (record: Incoming, death: Omit<Death, 'by'>) => Promise<boolean>
  }>

/** Records by what became of them: `served`, `expired`, `duplicates` (answered again), `joined` (one still running), `poison`. `failed`: replies given up. */
export type Counters = Readonly<{
  served: number
  expired: number
  cancelled: number // dropped or stopped as their clients wished
  duplicates: number
  joined: number
  poison: number
  dead: number // given up: see `giveUp`
  failed: number
}>

/** A worker at work. */
export interface Serving extends AsyncDisposable {
  readonly counters: Counters
  /** Handlers running now. */
  readonly running: number
  /** Takes no more commands, waits for the running ones, commits, and leaves the group. Others get what has not begun. */
  close(): Promise<void>
}
