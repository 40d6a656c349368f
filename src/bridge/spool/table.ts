import { DatabaseSync } from 'node:sqlite'
import type { Acks } from '../broker.ts'
import { isFull, Reserve } from './reserve.ts'

/** A record that waits on disk. */
export type Kept = Readonly<{
  topic: string
  key: Uint8Array | null
  value: Uint8Array | null
  headers: string // as `packed` writes them
  acks: Acks
  at: number // when it was accepted, epoch milliseconds
}>
/** `seq` gives the order. `reason` says why the brokers refuse it for good; null while it waits to be forwarded. */
export type Row = Kept & Readonly<{ seq: number; reason: string | null }>
export type Labels = Pick<Row, 'seq' | 'headers'>
/** What waits, by topic, and what was put aside; `oldest` is when the oldest waiting one was accepted, null without one. */
export type Totals = Readonly<{
  topics: readonly Readonly<{ topic: string; records: number; bytes: number }>[]
  oldest: number | null
  rejected: number
  bytes: number // of all together
}>

/** Of a row beside its key, value and headers, roughly. */
export const overheadBytes = 64
export const sizeOf = ({ key, value, headers }: Pick<Kept, 'key' | 'value' | 'headers'>): number =>
  (key?.length ?? 0) + (value?.length ?? 0) + headers.length + overheadBytes

const walPages = 1_000 // SQLite's own default: so many, and the WAL goes into the file
const walBytes = 4_096 * walPages
/** What a WAL that could not go into the file for want of room may need to do so, and to have rows removed. */
const reserveBytes = 2 * walBytes

const schema = `
  CREATE TABLE IF NOT EXISTS spool (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    key BLOB,
    value BLOB,
    headers TEXT NOT NULL,
    acks TEXT NOT NULL,
    at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    reason TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS spool_waiting ON spool (seq) WHERE reason IS NULL;`

/**
 * The file of the spool. A commit is on disk when it returns: WAL with `synchronous=FULL`. Every method blocks and may throw
 * an SQLite error; what throws has changed nothing, but for an I/O error, after which nobody knows.
 */
export class Table implements Disposable {
  readonly #db: DatabaseSync
  readonly #reserve: Reserve
  #reserved = false

  /** Only reading works beside the gateway that owns the file. */
  constructor(file: string, { readOnly = false }: Readonly<{ readOnly?: boolean }> = {}) {
    this.#db = new DatabaseSync(file, { readOnly, timeout: 1_000 })
    this.#reserve = new Reserve(`${file}-reserve`, reserveBytes)
    if (readOnly) return
    const settings = `PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=${walBytes}`
    this.#roomy(() => this.#db.exec(`PRAGMA auto_vacuum=INCREMENTAL; ${settings}; ${schema}`))
  }

  /** All of them or none. Throws a DiskFull while no room can be kept for their removal. */
  append(rows: readonly Kept[]): void {
    if (!this.#reserved) this.#reserve.hold()
    this.#reserved = true
    const insert = this.#db.prepare(
      'INSERT INTO spool (topic, key, value, headers, acks, at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#whole(() => {
      for (const row of rows) insert.run(row.topic, row.key, row.value, row.headers, row.acks, row.at, sizeOf(row))
    })
  }

  /** The oldest waiting ones after a sequence number, without those of some topics. */
  waiting(after: number, most: number, except: readonly string[] = []): readonly Row[] {
    const select = this.#db.prepare(
      `SELECT seq, topic, key, value, headers, acks, at, reason FROM spool
       WHERE reason IS NULL AND seq > ? AND topic NOT IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
    )
    return select.all(after, JSON.stringify(except), most) as unknown as readonly Row[]
  }

  /** The headers of the oldest waiting ones after a sequence number that have one of this name. */
  waitingWith(header: string, after: number, most: number): readonly Labels[] {
    const select = this.#db.prepare(
      'SELECT seq, headers FROM spool WHERE reason IS NULL AND seq > ? AND instr(headers, ?) > 0 ORDER BY seq LIMIT ?',
    )
    return select.all(after, JSON.stringify(header), most) as unknown as readonly Labels[]
  }

  /** The oldest of all after a sequence number, those included that were put aside. */
  all(after: number, most: number): readonly Row[] {
    const select = this.#db.prepare(
      'SELECT seq, topic, key, value, headers, acks, at, reason FROM spool WHERE seq > ? ORDER BY seq LIMIT ?',
    )
    return select.all(after, most) as unknown as readonly Row[]
  }

  remove(seqs: readonly number[]): void {
    const one = this.#db.prepare('DELETE FROM spool WHERE seq = ?')
    this.#roomy(() => {
      this.#whole(() => seqs.forEach(seq => one.run(seq)))
      if (this.#db.prepare('SELECT 1 FROM spool LIMIT 1').get() === undefined)
        this.#db.exec('PRAGMA incremental_vacuum')
    })
  }

  /** Puts one aside that the brokers refuse for good. */
  reject(seq: number, reason: string): void {
    this.#roomy(() => this.#db.prepare('UPDATE spool SET reason = ? WHERE seq = ?').run(reason, seq))
  }

  totals(): Totals {
    const topics = this.#db
      .prepare(
        'SELECT topic, count(*) AS records, sum(bytes) AS bytes FROM spool WHERE reason IS NULL GROUP BY topic ORDER BY topic',
      )
      .all() as unknown as Totals['topics']
    const { oldest, rejected, bytes } = this.#db
      .prepare(
        `SELECT min(CASE WHEN reason IS NULL THEN at END) AS oldest, count(reason) AS rejected,
         coalesce(sum(bytes), 0) AS bytes FROM spool`,
      )
      .get() as unknown as Omit<Totals, 'topics'>
    return { topics, oldest, rejected, bytes }
  }

  /** Does it once more with the reserve when the disk is full. */
  #roomy(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!isFull(error)) throw error
      this.#reserve.release()
      this.#reserved = false
      work()
    }
  }

  #whole(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#db.exec('COMMIT')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }
}

/**
 * Holds the file for this process until it is disposed of, or the process ends in whatever way. Throws an Error of one
 * sentence when another process has it.
 */
export function holdFile(file: string): Disposable {
  const lock = new DatabaseSync(`${file}-lock`, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new Error(`Another process holds the spool ${file}.`, { cause })
  }
  return { [Symbol.dispose]: () => lock.close() }
}
