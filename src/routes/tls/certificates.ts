import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { SecureContextOptions } from 'node:tls'
import type { ServerTlsOptions } from '../../../config/schema/index.ts'
import { every, isoTime, wallClock } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import { events } from '../../events.ts'

/** From so long before its end on it is said that a certificate will expire. */
const soonMs = 7 * 86_400_000

/**
 * Certificate, key and authorities of a listener, read anew when a file changes. What does not hold then changes nothing but
 * the log; at the start it throws an Error of one sentence.
 */
export class Certificates implements Disposable {
  readonly #options: ServerTlsOptions
  readonly #changed: (context: SecureContextOptions) => void
  readonly #looking: Disposable
  #mark: string
  #endsMs = 0
  #told = false
  readonly first: SecureContextOptions

  constructor(options: ServerTlsOptions, changed: (context: SecureContextOptions) => void) {
    this.#options = options
    this.#changed = changed
    this.#mark = markOf(options)
    this.first = this.#read()
    this.#looking = every(options.reloadMs, () => this.look())
    this.#sayEnd()
  }

  /** Reads the files when they are others than before. */
  look(): void {
    this.#sayEnd()
    const mark = markOf(this.#options)
    if (mark === this.#mark) return
    this.#mark = mark
    try {
      this.#changed(this.#read())
      this.#told = false
    } catch (error) {
      tell(`${(error as Error).message} The one before stays.`)
    }
  }

  #read(): SecureContextOptions {
    const { certFile, keyFile, clientCaFile, crlFile, minVersion } = this.#options
    const cert = textOf('certFile', certFile)
    const context = {
      cert,
      key: textOf('keyFile', keyFile),
      minVersion,
      ...(clientCaFile !== undefined && { ca: textOf('clientCaFile', clientCaFile) }),
      ...(crlFile !== undefined && { crl: textOf('crlFile', crlFile) }),
    }
    const { validToDate, validFromDate } = certificateOf(cert, certFile)
    const endsMs = validToDate.getTime()
    if (endsMs <= wallClock())
      throw new Error(`server.tls.certFile: the certificate in ${certFile} expired at ${validToDate.toISOString()}.`)
    if (validFromDate.getTime() > wallClock())
      throw new Error(
        `server.tls.certFile: the certificate in ${certFile} is valid from ${validFromDate.toISOString()}.`,
      )
    try {
      createSecureContext(context)
    } catch (cause) {
      // what OpenSSL says names functions of its own
      throw new Error('server.tls: certificate, key and authorities do not fit together.', { cause })
    }
    this.#endsMs = endsMs
    return context
  }

  #sayEnd(): void {
    if (this.#told || this.#endsMs - soonMs > wallClock()) return
    this.#told = true
    const end = isoTime(this.#endsMs as EpochMs)
    tell(`The certificate in ${this.#options.certFile} expires at ${end}: put a new one in its place.`)
  }

  [Symbol.dispose](): void {
    this.#looking[Symbol.dispose]()
  }
}

function certificateOf(text: string, file: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch {
    throw new Error(`server.tls.certFile: ${file} holds no certificate (PEM).`)
  }
}

function textOf(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Error(`server.tls.${option}: ${file} cannot be read.`)
  }
}

const markOf = ({ certFile, keyFile, clientCaFile, crlFile }: ServerTlsOptions): string =>
  [certFile, keyFile, clientCaFile, crlFile].map(file => (file === undefined ? '' : markOfOne(file))).join()

function markOfOne(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'none'
  }
}

const tell = (what: string): void => {
  if (events.warning.hasSubscribers) events.warning.publish({ what, cause: undefined })
}
