import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { Pair } from '../../call.ts'
import type { EpochMs } from '../../clock.ts'
import type { Kept } from '../past.ts'
import type { Entry, Range, Row, Rows } from './rows.ts'

export type SqliteOptions = Readonly<{
  file: string
  maxBytes: number
  topic: string
  /** The pointers of the indices: a file with others is of no use. */
  indices: readonly string[]
  /** Whether the rows have the attributes of CloudEvents: a file that differs is of no use, either. */
  cloudEvents: boolean
}>

const pageBytes = 4_096

/** The rows of a view in a file, with the positions that they stand for: both are written in one transaction, so they agree. */
export class SqliteRows implements Rows {
  readonly #db: DatabaseSync
  readonly #get: StatementSync
  readonly #set: StatementSync
  readonly #delete: StatementSync
  readonly #indices: number

  constructor({ file, maxBytes, topic, indices, cloudEvents }: SqliteOptions) {
    const db = new DatabaseSync(file)
    this.#db = db
    this.#indices = indices.length
    db.exec(`pragma page_size = ${pageBytes}; pragma journal_mode = wal; pragma synchronous = normal`)
    db.exec(`pragma max_page_count = ${Math.floor(maxBytes / pageBytes)}; pragma busy_timeout = 1000`)
    const made = JSON.stringify([3, topic, indices, cloudEvents])
    db.exec('create table if not exists made (text text)')
    if (db.prepare('select text from made').get()?.['text'] !== made)
      db.exec('drop table if exists rows; drop table if exists positions; delete from made')
    const columns = indices.map((_, at) => `, i${at} text`).join('')
    db.exec(`create table if not exists rows (key blob primary key, value blob, type text, part int, off int, modified int,
      attributes text${columns})
      without rowid`)
    for (const at of indices.keys())
      db.exec(`create index if not exists by${at} on rows (i${at}, key) where i${at} is not null`)
    db.exec('create table if not exists positions (part int primary key, next int, log int)')
    db.prepare('insert into made select ? where not exists (select 1 from made)').run(made)
    const places = indices.map(() => ', ?').join('')
    this.#get = db.prepare('select * from rows where key = ?')
    this.#set = db.prepare(`insert or replace into rows values (?, ?, ?, ?, ?, ?, ?${places})`)
    this.#delete = db.prepare('delete from rows where key = ?')
  }

  /** Whether there is a file with rows to go on with. */
  static readonly exists = (file: string): boolean => existsSync(file)

  get size(): number {
    return Number(this.#db.prepare('select count(*) as count from rows').get()?.['count'] ?? 0)
  }

  get bytes(): number {
    return 0 // of memory
  }

  get(key: string): Row | undefined {
    const found = this.#get.get(blob(key))
    return found === undefined ? undefined : this.#rowOf(found)
  }

  set(key: string, { value, type, partition, offset, modified, indexed, attributes }: Row): void {
    this.#begin()
    const own = attributes === null ? null : JSON.stringify(attributes)
    this.#set.run(blob(key), value, type, BigInt(partition), BigInt(offset), BigInt(modified), own, ...indexed)
  }

  delete(key: string): void {
    this.#begin()
    this.#delete.run(blob(key))
  }

  list({ prefix, after, index, limit }: Range): readonly Entry[] {
    const conditions = [
      'key >= ?',
      ...(after === null ? [] : ['key > ?']),
      ...(index === null ? [] : [`i${index.at} = ?`]),
    ]
    const end = beyond(prefix)
    if (end !== null) conditions.push('key < ?')
    const values = [blob(prefix), ...(after === null ? [] : [blob(after)]), ...(index === null ? [] : [index.value])]
    const statement = this.#db.prepare(
      `select * from rows where ${conditions.join(' and ')} order by key limit ${limit}`,
    )
    const found = statement.all(...values, ...(end === null ? [] : [blob(end)]))
    return found.map(row => [keyOf(row['key']), this.#rowOf(row)] as const)
  }

  *all(): Iterable<Entry> {
    for (const row of this.#db.prepare('select * from rows').iterate()) yield [keyOf(row['key']), this.#rowOf(row)]
  }

  get kept(): Kept {
    const positions: number[] = []
    let log = 0
    for (const row of this.#db.prepare('select * from positions order by part').all()) {
      positions[Number(row['part'])] = Number(row['next'])
      log = Number(row['log'])
    }
    return { positions: Array.from(positions, next => next ?? 0), log }
  }

  commit({ positions, log }: Kept): void {
    if (!this.#db.isTransaction) return
    const put = this.#db.prepare('insert or replace into positions values (?, ?, ?)')
    for (const [partition, next] of positions.entries()) put.run(BigInt(partition), BigInt(next), BigInt(log))
    this.#db.exec('commit')
  }

  forget(partition: number): void {
    this.#begin()
    this.#db.prepare('delete from rows where part = ?').run(BigInt(partition))
  }

  #begin(): void {
    if (this.#db.isTransaction) return
    this.#db.exec('begin immediate')
  }

  #rowOf(row: Record<string, unknown>): Row {
    const { value, type, part, off, modified, attributes } = row
    return {
      value: Buffer.from(value as Uint8Array),
      type: type as string | null,
      partition: Number(part),
      offset: Number(off),
      modified: Number(modified) as EpochMs,
      attributes: attributes === null ? null : (JSON.parse(attributes as string) as Pair[]),
      indexed: Array.from({ length: this.#indices }, (_, at) => row[`i${at}`] as string | null),
    }
  }

  [Symbol.dispose](): void {
    if (this.#db.isTransaction) this.#db.exec('rollback') // one that failed has ended by itself
    this.#db.close()
  }
}

const blob = (key: string): Buffer => Buffer.from(key, 'latin1')
const keyOf = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString('latin1')

/** The first key above all that begin with the prefix; null when there is none. */
function beyond(prefix: string): string | null {
  for (let at = prefix.length - 1; at >= 0; at--) {
    const code = prefix.charCodeAt(at)
    if (code < 0xff) return prefix.slice(0, at) + String.fromCharCode(code + 1)
  }
  return null
}
