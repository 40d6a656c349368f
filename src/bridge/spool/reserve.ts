import { randomBytes } from 'node:crypto'
import { rmSync, statSync, writeFileSync } from 'node:fs'

/** SQLite's primary result code for a disk without room. */
export const fullCode = 13

/** Nothing was done, as the disk has no room. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull'
  readonly errcode = fullCode
}

/** Whether an error says that the disk has no room. */
export const isFull = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === fullCode

/**
 * Room on a disk, taken up by a file beside the spool while all is well. On a full disk it is given up, as also removing what
 * was forwarded needs some: a spool that cannot be emptied would stay full for ever.
 */
export class Reserve {
  readonly #file: string
  readonly #bytes: number

  constructor(file: string, bytes: number) {
    this.#file = file
    this.#bytes = bytes
  }

  get held(): boolean {
    return statSync(this.#file, { throwIfNoEntry: false })?.size === this.#bytes
  }

  /** Takes the room, where it is not held. Throws a DiskFull. */
  hold(): void {
    if (this.held) return
    try {
      writeFileSync(this.#file, randomBytes(this.#bytes)) // no file system makes less of it
    } catch (cause) {
      this.release()
      throw new DiskFull('The disk has no room that could be kept for forwarding.', { cause })
    }
  }

  release(): void {
    rmSync(this.#file, { force: true })
  }
}
