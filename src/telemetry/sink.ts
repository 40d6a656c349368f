import { close, constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { after } from '../clock.ts'
import type { Alarm } from '../clock.ts'

/** Takes whole lines, each with its line end. Must not throw. */
export type Destination = Readonly<{ write(line: string): void }>

export type SinkOptions = Readonly<{
  flushMs?: number // longest that a line waits for company
  maxChars?: number // of all lines that wait; what comes on top is lost
}>

const chunkChars = 32_768
const chunksAtOnce = 8
const retryMs = 20
const closingMs = 1_000
const newline = 10

/**
 * Lines on their way to a file or to standard output: gathered into chunks, written in the background, one write at a
 * time. A full disk, a reader that left and a reader that sleeps cost lines, which are counted, but never the process.
 *
 * Not pino's own destination: it takes 3 µs a line, as it measures all that it has gathered at each, is silent for ever
 * after EPIPE, and on a full disk it never lets the process exit.
 */
export class Sink implements Destination, AsyncDisposable {
  readonly #fd: number
  readonly #owned: boolean
  readonly #flushMs: number
  readonly #maxChars: number
  #gathered = ''
  #chunks: string[] = [] // full, oldest first
  #chunkChars = 0
  #rest: Uint8Array | null = null // what is still to be written of the chunk whose turn it is
  #writing = false // a thread has it
  #cut = false // the file ends within a line
  #lost = 0
  #closed = false
  #alarm: Alarm | null = null
  #whenDone: (() => void) | null = null
  readonly #atExit = (): void => this.#writeNow()

  /** Appends to the file, or writes to standard output. Throws when the file cannot be opened. */
  constructor(file: string | undefined, { flushMs = 250, maxChars = 8 << 20 }: SinkOptions = {}) {
    const { fd, owned } = file === undefined ? standardOutput() : { fd: openSync(file, flags, 0o640), owned: true }
    this.#fd = fd
    this.#owned = owned
    this.#flushMs = flushMs
    this.#maxChars = maxChars
    process.once('exit', this.#atExit)
  }

  /** Lines dropped because the destination failed or was too slow. */
  get lost(): number {
    return this.#lost
  }

  write(line: string): void {
    if (this.#closed || this.#chunkChars + this.#gathered.length + line.length > this.#maxChars) {
      this.#lost++
      return
    }
    this.#gathered += line
    if (this.#gathered.length >= chunkChars) this.#flush()
    else if (this.#alarm === null) this.#alarm = after(this.#flushMs, this.#onAlarm)
  }

  readonly #onAlarm = (): void => {
    this.#alarm = null
    this.#flush()
  }

  #flush(): void {
    if (this.#gathered !== '') {
      this.#chunks.push(this.#gathered)
      this.#chunkChars += this.#gathered.length
      this.#gathered = ''
    }
    if (this.#rest === null) this.#next()
  }

  #next(): void {
    if (this.#chunks.length === 0) {
      this.#rest = null
      this.#whenDone?.()
      return
    }
    const text = this.#chunks.splice(0, chunksAtOnce).join('')
    this.#chunkChars -= text.length
    this.#rest = Buffer.from(this.#cut ? `\n${text}` : text)
    this.#put()
  }

  #put(): void {
    const rest = this.#rest
    if (rest === null) return
    this.#writing = true
    write(this.#fd, rest, (error, written) => {
      this.#writing = false
      if (this.#rest === null) return // given up
      if (error?.code === 'EAGAIN') {
        after(retryMs, () => this.#put())
        return
      }
      if (error !== null) this.#lose(rest)
      else {
        this.#cut = rest[written - 1] !== newline
        if (written < rest.length) {
          this.#rest = rest.subarray(written)
          this.#put()
          return
        }
      }
      this.#next()
    })
  }

  #lose(bytes: Uint8Array): void {
    for (const byte of bytes) if (byte === newline) this.#lost++
    if (this.#cut && bytes[0] === newline) this.#lost-- // it would only have ended the line that is cut
  }

  /** The last chance, when there is no time left to wait for a thread. */
  #writeNow(): void {
    const texts = [...this.#chunks, this.#gathered].map(text => Buffer.from(text))
    this.#chunks = []
    this.#chunkChars = 0
    this.#gathered = ''
    for (let rest of this.#writing || this.#rest === null ? texts : [this.#rest, ...texts]) {
      try {
        while (rest.length > 0) rest = rest.subarray(writeSync(this.#fd, rest))
      } catch {
        this.#lose(rest)
      }
    }
    this.#rest = null
  }

  /** Writes what has been taken, but waits a second at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#alarm?.cancel()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#whenDone = resolve
    const alarm = after(closingMs, resolve)
    this.#flush()
    await promise
    alarm.cancel()
    process.off('exit', this.#atExit)
    if (this.#rest !== null) this.#lose(Buffer.concat([this.#rest, ...this.#chunks.map(text => Buffer.from(text))]))
    this.#rest = null
    this.#chunks = []
    if (this.#owned && !this.#writing) close(this.#fd, () => {})
  }
}

// without O_NONBLOCK a pipe that nobody empties holds a thread, and the process cannot exit until it is let go
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

function standardOutput(): { fd: number; owned: boolean } {
  if (fstatSync(1).isFIFO())
    try {
      // opened anew, as the flag would otherwise hold for everyone who shares the pipe
      return { fd: openSync('/dev/stdout', constants.O_WRONLY | constants.O_NONBLOCK), owned: true }
    } catch {
      // not ours to open, such as another user's
    }
  return { fd: 1, owned: false }
}
