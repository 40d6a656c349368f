import { parentPort, workerData } from 'node:worker_threads'
import type { Kept } from './table.ts'
import { fullCode } from './reserve.ts'
import { Table } from './table.ts'

// The thread that waits for the disk, so that the event loop does not.

export type Work =
  | Readonly<{ kind: 'append'; rows: readonly Kept[] }>
  | Readonly<{ kind: 'waiting'; most: number; except: readonly string[] }>
  | Readonly<{ kind: 'waiting-with'; header: string; after: number; most: number }>
  | Readonly<{ kind: 'remove'; seqs: readonly number[] }>
  | Readonly<{ kind: 'reject'; seq: number; reason: string }>
  | Readonly<{ kind: 'totals' }>
export type Asked = Readonly<{ id: number; work: Work }>
/** `code` is SQLite's primary result code, 0 where it has none. */
export type Answered = Readonly<{ id: number; value?: unknown; failed?: Readonly<{ message: string; code: number }> }>

const { file } = workerData as Readonly<{ file: string }>
let table: Table | null = null

function done(work: Work): unknown {
  table ??= new Table(file)
  if (work.kind === 'append') return table.append(work.rows)
  if (work.kind === 'waiting') return table.waiting(0, work.most, work.except)
  if (work.kind === 'waiting-with') return table.waitingWith(work.header, work.after, work.most)
  if (work.kind === 'remove') return table.remove(work.seqs)
  if (work.kind === 'reject') return table.reject(work.seq, work.reason)
  return table.totals()
}

/** The file is opened anew for what comes next: so it heals by itself. */
function reopen(): void {
  try {
    table?.[Symbol.dispose]()
  } catch {
    // it was of no use any more
  }
  table = null
}

parentPort?.on('message', ({ id, work }: Asked) => {
  try {
    parentPort?.postMessage({ id, value: done(work) } satisfies Answered)
  } catch (error) {
    const { message } = error as Error
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
    if (code !== fullCode) reopen() // a full disk has no room for that, and the file is as good as it was
    parentPort?.postMessage({ id, failed: { message, code } } satisfies Answered)
  }
})
