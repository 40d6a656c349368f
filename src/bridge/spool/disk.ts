import { Worker } from 'node:worker_threads'
import type { Kept, Labels, Row, Totals } from './table.ts'
import type { Answered, Asked, Work } from './thread.ts'

/** Where rows are kept: each method resolves once it is on disk. Throws a DiskError. */
export interface Disk extends AsyncDisposable {
  append(rows: readonly Kept[]): Promise<void>
  waiting(most: number, except: readonly string[]): Promise<readonly Row[]>
  waitingWith(header: string, after: number, most: number): Promise<readonly Labels[]>
  remove(seqs: readonly number[]): Promise<void>
  reject(seq: number, reason: string): Promise<void>
  totals(): Promise<Totals>
}

/** What the disk did not do; `unchanged` when it is certain that it has done nothing of it. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly unchanged: boolean

  constructor(message: string, unchanged: boolean) {
    super(message)
    this.unchanged = unchanged
  }
}

/** SQLite's PERM, BUSY, LOCKED, READONLY, FULL, CANTOPEN and NOTADB: the transaction was rolled back, or never began. */
const undone: ReadonlySet<number> = new Set([3, 5, 6, 8, 13, 14, 26])
const source = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)

/** A disk whose waiting is done by a thread, which is started anew when it dies. */
export function diskOf(file: string): Disk {
  const pending = new Map<number, Readonly<{ resolve: (value: unknown) => void; reject: (error: DiskError) => void }>>()
  let thread: Worker | null = null
  let last = 0

  const lost = (error: Error): void => {
    thread = null
    for (const { reject } of pending.values())
      reject(new DiskError(`The thread of the spool died: ${error.message}`, false))
    pending.clear()
  }
  const answered = ({ id, value, failed }: Answered): void => {
    const asker = pending.get(id)
    pending.delete(id)
    if (pending.size === 0) thread?.unref() // an idle one must not keep the process alive
    if (failed === undefined) asker?.resolve(value)
    else asker?.reject(new DiskError(failed.message, undone.has(failed.code)))
  }
  function opened(): Worker {
    const worker = new Worker(source, { workerData: { file } })
    worker.on('message', answered)
    worker.on('error', lost)
    return worker
  }
  function ask<T>(work: Work): Promise<T> {
    thread ??= opened()
    thread.ref()
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const id = ++last
    pending.set(id, { resolve, reject })
    thread.postMessage({ id, work } satisfies Asked)
    return promise as Promise<T>
  }
  return {
    append: rows => ask({ kind: 'append', rows }),
    waiting: (most, except) => ask({ kind: 'waiting', most, except }),
    waitingWith: (header, after, most) => ask({ kind: 'waiting-with', header, after, most }),
    remove: seqs => ask({ kind: 'remove', seqs }),
    reject: (seq, reason) => ask({ kind: 'reject', seq, reason }),
    totals: () => ask({ kind: 'totals' }),
    [Symbol.asyncDispose]: async () => void (await thread?.terminate()),
  }
}
