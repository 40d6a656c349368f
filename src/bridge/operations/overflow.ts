import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { Entry } from './entry.ts'
import type { Frozen } from './entry.ts'
import type { Interned } from './stored.ts'

// The log is the truth, and is read anew at each start: nothing of this file has to survive.
const schema = `
  PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-32768;
  CREATE TABLE ended (
    seq INTEGER PRIMARY KEY, -- rows are appended: by id they would be written all over the file
    id TEXT NOT NULL UNIQUE,
    client TEXT NOT NULL,
    scope TEXT,
    due INTEGER NOT NULL,
    text TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX by_client ON ended (client, seq);
  CREATE INDEX by_scope ON ended (scope) WHERE scope IS NOT NULL;
  CREATE INDEX by_due ON ended (due);`

type Row = Frozen & Readonly<{ id: string }>

/** Operations that have ended and are too many for memory, in a file of SQLite. Every method blocks, for some microseconds. */
export class Overflow implements Disposable {
  readonly #db: DatabaseSync
  readonly #interned: Interned
  readonly #statements: Readonly<Record<'put' | 'get' | 'delete' | 'holder' | 'of' | 'due', StatementSync>>
  #size = 0

  /** Throws when the file cannot be had. What it held is dropped. */
  constructor(file: string, interned: Interned) {
    rmSync(file, { force: true })
    this.#db = new DatabaseSync(file)
    this.#interned = interned
    this.#db.exec(schema)
    this.#db.exec('BEGIN') // and never commit: each commit would write out its pages, ten times as slow
    const select = 'SELECT id, text, body FROM ended WHERE'
    this.#statements = {
      put: this.#db.prepare('INSERT OR REPLACE INTO ended VALUES (?, ?, ?, ?, ?, ?, ?)'),
      get: this.#db.prepare(`${select} id = ?`),
      delete: this.#db.prepare('DELETE FROM ended WHERE id = ?'),
      holder: this.#db.prepare(`${select} scope = ?`),
      of: this.#db.prepare(`${select} client = ? AND seq < ? ORDER BY seq DESC LIMIT ?`),
      due: this.#db.prepare(`${select} due <= ? ORDER BY due LIMIT ?`),
    }
  }

  get size(): number {
    return this.#size
  }

  /** `scope` is that of the key which it still holds. */
  put(entry: Entry, scope: string | null): void {
    const { text, body } = entry.frozen()
    const { id, client, seq, due } = entry
    if (this.#size === 0 || this.entry(id) === null) this.#size++
    this.#statements.put.run(BigInt(seq), id, client, scope, BigInt(due), text, body)
  }

  entry(id: string): Entry | null {
    return this.#size === 0 ? null : this.#one(this.#statements.get.get(id))
  }

  holder(scope: string): Entry | null {
    return this.#size === 0 ? null : this.#one(this.#statements.holder.get(scope))
  }

  /** Of one client, the latest before `seq` first. */
  of(client: string, seq: number, limit: number): readonly Entry[] {
    return this.#all(this.#statements.of.all(client, BigInt(seq), BigInt(limit)))
  }

  /** Those to be forgotten by this time. */
  due(now: number, limit: number): readonly Entry[] {
    return this.#size === 0 ? [] : this.#all(this.#statements.due.all(BigInt(now), BigInt(limit)))
  }

  delete(id: string): void {
    if (this.#statements.delete.run(id).changes > 0) this.#size--
  }

  #all(rows: readonly unknown[]): readonly Entry[] {
    return rows.map(row => this.#thawed(row as Row))
  }

  #one(row: unknown): Entry | null {
    return row === undefined ? null : this.#thawed(row as Row)
  }

  #thawed(row: Row): Entry {
    return Entry.thawed(row.id, row, this.#interned)
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }
}
