import { DatabaseSync } from 'node:sqlite'
import type { Kept } from '../../bridge/past.ts'
import type { Entry } from './states.ts'

/** The states of a projection in a SQLite file, with the positions that they stand for: both are written in one transaction. */
export class Snapshot<State> implements Disposable {
  readonly #db: DatabaseSync

  /** What was made for another topic or another `revision` of the code is of no use, and dropped. Throws what SQLite says. */
  constructor(file: string, topic: string, revision: string) {
    const db = new DatabaseSync(file)
    this.#db = db
    db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 1000')
    const made = JSON.stringify([2, topic, revision])
    db.exec('create table if not exists made (text text)')
    if (db.prepare('select text from made').get()?.['text'] !== made)
      db.exec('drop table if exists states; drop table if exists positions; delete from made')
    db.exec('create table if not exists states (key text primary key, version int, ids text, state text) without rowid')
    db.exec('create table if not exists positions (part int primary key, next int, log int)')
    db.prepare('insert into made select ? where not exists (select 1 from made)').run(made)
  }

  /** By partition; empty when there is nothing to go on with. */
  get kept(): Kept {
    const found: number[] = []
    let log = 0
    for (const row of this.#db.prepare('select * from positions order by part').all()) {
      found[Number(row['part'])] = Number(row['next'])
      log = Number(row['log'])
    }
    return { positions: Array.from(found, next => next ?? 0), log }
  }

  *entries(): Iterable<readonly [string, Entry<State>]> {
    for (const { key, version, ids, state } of this.#db.prepare('select * from states').iterate())
      yield [
        String(key),
        {
          version: Number(version),
          ids: JSON.parse(String(ids)) as string[],
          state: JSON.parse(String(state)) as State,
        },
      ]
  }

  write(changes: Iterable<readonly [string, Entry<State>]>, { positions, log }: Kept): void {
    const put = this.#db.prepare('insert or replace into states values (?, ?, ?, ?)')
    const move = this.#db.prepare('insert or replace into positions values (?, ?, ?)')
    this.#db.exec('begin immediate')
    try {
      for (const [key, { version, ids, state }] of changes)
        put.run(key, BigInt(version), JSON.stringify(ids), JSON.stringify(state ?? null))
      for (const [partition, next] of positions.entries()) move.run(BigInt(partition), BigInt(next), BigInt(log))
      this.#db.exec('commit')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback')
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }
}
