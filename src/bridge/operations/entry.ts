import type { Reply } from '../../call.ts'
import { begun, happened } from '../processes/run.ts'
import type { Run } from '../processes/run.ts'
import type { Accepted, Called, Ending, Progress, Recalled, StepEvent } from './event.ts'
import { StoredReply } from './stored.ts'
import type { Interned } from './stored.ts'

/** What an operation adds up to. */
export type Operation = Readonly<{
  id: string
  accepted: Accepted
  partition: number // of the log: all its events are there
  begun: number // the offset of `accepted`
  progress: Readonly<{ said: Progress; offset: number }> | null
  ending: Readonly<{ said: Ended; offset: number }> | null
  callback: Callback | null // of one that has ended, and named a URL to be told
  keys: readonly string[] // of its records
  run: Run | null // of a process
}>
/** `asked` is the offset of what wants it told, its end or a later wish; `said` is what became of that, null while it goes on. */
export type Callback = Readonly<{ asked: number; at: number; said: Readonly<{ said: Called; offset: number }> | null }>
/** How it ended. The reply is kept packed. */
export type Ended =
  | Exclude<Ending, { kind: 'completed' }>
  | Readonly<{ kind: 'completed'; reply: () => Reply; at: number }>

/** The offset of its latest event: with the id it names one state of it. */
export const versionOf = ({ begun, progress, run, ending, callback }: Operation): number =>
  Math.max(
    begun,
    progress?.offset ?? 0,
    run?.offset ?? 0,
    ending?.offset ?? 0,
    callback?.asked ?? 0,
    callback?.said?.offset ?? 0,
  )

type Packed = [
  command: string,
  secret: string,
  at: number,
  partition: number,
  key: string | null,
  fingerprint: string | null,
  callback?: string,
]

const ownBytes = 800 // measured: npm run bench:operations

/** Where `accepted` stands in the log; `seq` grows with each operation that is read. */
export type Place = Readonly<{ partition: number; offset: number; seq: number }>

/** An operation as it is kept, of which there may be a hundred thousand: what is seldom asked for is packed into one text. */
export class Entry {
  readonly id: string
  readonly client: string
  readonly by: string
  readonly scope: string | null
  readonly expires: number
  readonly partition: number
  readonly begun: number
  readonly seq: number
  readonly #keepMs: number
  readonly #route: string
  readonly #worker: string
  readonly #topic: string
  readonly #packed: string
  readonly #calls: boolean // a callback
  #keys: readonly string[] = noKeys // beside its id
  #progress: Operation['progress'] = null
  #ending: Exclude<Ending, { kind: 'completed' }> | Readonly<{ reply: StoredReply; at: number }> | null = null
  #endOffset = 0
  #callback: Callback | null = null
  #run: Run | null = null

  constructor(id: string, accepted: Accepted, place: Place, interned: Interned) {
    const { client, route, worker, command, secret, by, at, expires, keepMs, target, holds, process } = accepted
    this.id = id
    this.client = interned.of(client)
    this.by = interned.of(by)
    this.scope = holds?.scope ?? null
    this.expires = expires
    this.partition = place.partition
    this.begun = place.offset
    this.seq = place.seq
    this.#keepMs = keepMs
    this.#route = interned.of(route)
    this.#worker = interned.of(worker)
    this.#topic = interned.of(target.topic)
    const packed: Packed = [command, secret, at, target.partition, target.key, holds?.fingerprint ?? null]
    this.#calls = accepted.callback !== undefined
    if (accepted.callback !== undefined) packed.push(accepted.callback)
    this.#packed = JSON.stringify(packed)
    if (process !== undefined) this.#run = begun(process, this.by, place.offset)
  }

  get ended(): boolean {
    return this.#ending !== null
  }

  /** When time changes it: it expires, or is forgotten. In epoch milliseconds. */
  get due(): number {
    if (this.#ending !== null) return this.#ending.at + this.#keepMs
    return this.#run === null ? this.expires : Infinity // a process ends by its steps alone
  }

  get bytes(): number {
    const ending = this.#ending
    const run = this.#run === null ? 0 : weightOf(this.#run)
    return ownBytes + run + (ending !== null && 'reply' in ending ? ending.reply.bytes : 0)
  }

  /** What is known of a process; null of any other operation. */
  get run(): Run | null {
    return this.#run
  }

  /** Whether it counted. */
  step(event: StepEvent, key: string, offset: number): boolean {
    this.#note(key)
    const before = this.#run
    if (before === null || this.ended) return false
    this.#run = happened(before, event, offset)
    return this.#run !== before
  }

  progress(said: Progress, key: string, offset: number): void {
    this.#progress = { said, offset }
    this.#note(key)
  }

  /** What comes after the end changes nothing, but its record has to go in the end, too. */
  end(said: Ending, key: string, offset: number, interned: Interned): void {
    this.#note(key)
    if (this.#ending !== null) return
    this.#progress = null // compaction may keep a later record in its place: nobody could say how far it was
    this.#ending = said.kind === 'completed' ? { reply: new StoredReply(said.reply, interned), at: said.at } : said
    this.#endOffset = offset
    if (this.#calls) this.#callback = { asked: offset, at: said.at, said: null }
  }

  /** Of an operation that has ended. */
  call(said: Called | Recalled, key: string, offset: number): void {
    this.#note(key)
    if (this.#callback === null) return
    if (said.kind === 'recalled') this.#callback = { asked: offset, at: said.at, said: null }
    else this.#callback = { ...this.#callback, said: { said, offset } }
  }

  /** Whether its callback has not been told, or was given up. */
  get isUntold(): boolean {
    return this.#callback !== null && this.#callback.said?.said.result !== 'delivered'
  }

  /** All of it. */
  open(): Operation {
    const { id, client, by, scope, expires, partition, begun } = this
    const [command, secret, at, place, key, fingerprint, url] = JSON.parse(this.#packed) as Packed
    const accepted: Accepted = {
      kind: 'accepted',
      client,
      route: this.#route,
      worker: this.#worker,
      command,
      secret,
      by,
      at,
      expires,
      keepMs: this.#keepMs,
      target: { topic: this.#topic, partition: place, key },
      holds: scope === null ? null : { scope, fingerprint: fingerprint ?? '' },
      ...(url !== undefined && { callback: url }),
      ...(this.#run !== null && { process: this.#run.started }),
    }
    const keys = [id, ...this.#keys]
    const [progress, ending, callback, run] = [this.#progress, this.#opened(), this.#callback, this.#run]
    return { id, accepted, partition, begun, progress, ending, callback, keys, run }
  }

  /** Text and bytes that `thawed` makes an entry of again. */
  frozen(): Frozen {
    const { accepted, partition, begun, progress, ending, callback, keys, run } = this.open()
    const reply = ending?.said.kind === 'completed' ? ending.said.reply() : null
    const said = reply === null ? ending?.said : { ...ending?.said, reply: { ...reply, body: null } }
    const place: Place = { partition, offset: begun, seq: this.seq }
    return {
      text: JSON.stringify({
        accepted,
        place,
        progress,
        said,
        callback,
        offset: ending?.offset,
        keys: keys.slice(1),
        run,
      }),
      body: reply?.body ?? noBody,
    }
  }

  static thawed(id: string, { text, body }: Frozen, interned: Interned): Entry {
    const { accepted, place, progress, said, callback, offset, keys, run = null } = JSON.parse(text) as Thawed
    const entry = new Entry(id, accepted, place, interned)
    entry.#callback = callback
    entry.#progress = progress
    entry.#keys = keys
    entry.#run = run
    entry.#endOffset = offset ?? 0
    if (said?.kind === 'completed')
      entry.#ending = { reply: new StoredReply({ ...said.reply, body }, interned), at: said.at }
    else if (said !== undefined) entry.#ending = said
    return entry
  }

  #opened(): Operation['ending'] {
    const ending = this.#ending
    if (ending === null) return null
    const offset = this.#endOffset
    if (!('reply' in ending)) return { said: ending, offset }
    return { said: { kind: 'completed', reply: () => ending.reply.open(), at: ending.at }, offset }
  }

  #note(key: string): void {
    if (!this.#keys.includes(key)) this.#keys = [...this.#keys, key]
  }
}

export type Frozen = Readonly<{ text: string; body: Uint8Array }>
type Thawed = Readonly<{
  accepted: Accepted
  place: Place
  progress: Operation['progress']
  said?: Ending
  callback: Callback | null
  offset?: number
  keys: readonly string[]
  run?: Run | null
}>

/** About the bytes of the request and the replies. */
const weightOf = ({ started, steps }: Run): number =>
  steps.reduce((sum, { reply }) => sum + (reply?.length ?? 0), started.body.length)

const noKeys: readonly string[] = []
const noBody = new Uint8Array()
