import { lookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'

/** A connection that is not made, as it would lead inside. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress'
  readonly code = 'FORBIDDEN_ADDRESS'
}

/** How names become addresses: as the system does it, unless a test says otherwise. */
export type Resolve = (name: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void
const bySystem: Resolve = (name, done) => lookup(name, { all: true }, done)

/**
 * Connects to addresses that are admitted, and to no other. It is decided on what the name was resolved to for this very
 * socket, so that a name that changes its mind between check and connection (DNS rebinding) gains nothing.
 */
export function connector(
  admits: (address: string) => boolean,
  { timeoutMs, resolve = bySystem }: Readonly<{ timeoutMs: number; resolve?: Resolve }>,
): buildConnector.connector {
  const guarded: LookupFunction = (name, options, done) =>
    resolve(name, (error, addresses) => {
      if (error !== null) return done(error, [])
      const admitted = addresses.filter(({ address }) => admits(address))
      const [first] = admitted
      if (first === undefined) return done(forbidden(name), [])
      if (options.all === true) done(null, admitted)
      else done(null, first.address, first.family)
    })
  const connect = buildConnector({ lookup: guarded, timeout: timeoutMs, allowH2: false })
  return (options, done) => {
    const host = options.hostname.replaceAll(/^\[|\]$/g, '')
    // no name is looked up where there is none
    if (isIP(host) !== 0 && !admits(host)) return queueMicrotask(() => done(forbidden(host), null))
    connect(options, (...result) => {
      const [error, socket] = result
      if (error !== null || admits(socket.remoteAddress ?? '')) return done(...result)
      socket.destroy()
      done(forbidden(host), null)
    })
  }
}

const forbidden = (host: string): ForbiddenAddress =>
  new ForbiddenAddress(`${host} has no address that may be connected to: see egress.allow.`)
