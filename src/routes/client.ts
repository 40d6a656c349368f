import type { IncomingHttpHeaders } from 'node:http'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = readonly [Address, number]
/** One of those that a request came through. */
type Hop = Readonly<{ name: string; trusted: boolean }>
type HopOf = (text: string) => Hop | null
/** Names the client of a request that came from `peer`, the address at the other end of the connection. */
export type ClientOf = (peer: string, headers: IncomingHttpHeaders) => string
/** Whether the other end of a connection is a proxy that is trusted: only then its headers speak for others. */
export type Trusts = (peer: string) => boolean

const mostKnown = 4_096
const longestText = 64

/** What a connection over a Unix socket is called: whoever may open the socket. */
export const localPeer = 'local'

/** Which peers are trusted; behind a Unix socket all are, once there are proxies. Throws on an address or range that is none. */
export function trustOf(trustedProxies: readonly string[]): Trusts {
  return trustedProxies.length === 0 ? () => false : trusting(hopsWithin(trustedProxies))
}

const trusting =
  (hop: HopOf): Trusts =>
  peer =>
    hop(peer)?.trusted ?? peer === localPeer

/**
 * Who the client is behind the proxies that are trusted: the rightmost address that is none of theirs. What a proxy cannot name
 * (`unknown`, a pseudonym, garbage) counts as that proxy, or else a client could take a new name for every request. Throws on an
 * address or range that is none.
 */
export function clientOf(trustedProxies: readonly string[]): ClientOf {
  if (trustedProxies.length === 0) return peer => peer
  const hop = hopsWithin(trustedProxies)
  const trusts = trusting(hop)
  return (peer, headers) => {
    if (!trusts(peer)) return peer
    const standard = headers.forwarded
    const custom = headers['x-forwarded-for'] as string | undefined // its type has a list, which Node never makes of it
    const self: Hop = { name: peer, trusted: true }
    const byStandard = standard === undefined ? self : rightmost(self, forwardedFor(standard), hop)
    const byCustom = custom === undefined ? self : rightmost(self, custom.split(','), hop)
    // who names proxies alone agrees with whoever sees behind them: one of several proxies may write the other header
    if (byStandard.trusted && standard !== undefined) return custom === undefined ? byStandard.name : byCustom.name
    if (byCustom.trusted) return standard === undefined ? byCustom.name : byStandard.name
    // a proxy writes one of the two and hands the other on as the client sent it: when they differ, one is made up
    return standard === undefined || byStandard.name === byCustom.name ? byCustom.name : peer
  }
}

/** What each text names that a proxy wrote. Most come again and again, and reading one takes as long as a whole policy. */
function hopsWithin(trustedProxies: readonly string[]): HopOf {
  const trusted = within(trustedProxies)
  const known = new Map<string, Hop | null>()
  const read = (text: string): Hop | null => {
    const address = addressOf(withoutPort(text.trim()))
    return address === null ? null : { name: address.toString(), trusted: trusted(address) }
  }
  return text => {
    if (text.length > longestText) return read(text)
    let hop = known.get(text)
    if (hop === undefined) {
      hop = read(text)
      if (known.size >= mostKnown) known.clear()
      known.set(Buffer.from(text).toString(), hop) // a copy: a piece of a header would keep all of it
    }
    return hop
  }
}

function within(addresses: readonly string[]): (address: Address) => boolean {
  const ranges = addresses.map(rangeOf)
  return address => ranges.some(range => range[0].kind() === address.kind() && address.match(range[0], range[1]))
}

/** An address in its one spelling, IPv4 also when it came mapped into IPv6; other text as it is. */
export function plainAddress(text: string): string {
  return addressOf(text)?.toString() ?? text
}

function rightmost(peer: Hop, texts: readonly string[], hopOf: HopOf): Hop {
  let nearest = peer
  for (let at = texts.length - 1; at >= 0 && nearest.trusted; at--) {
    const hop = hopOf(texts[at] as string)
    if (hop === null) return { name: nearest.name, trusted: false } // somebody is behind it, and has no name
    nearest = hop
  }
  return nearest
}

/**
 * Of an IPv6 address its /64, as quotas count clients: every host is given at least one whole network of that size (RFC 6177),
 * and could otherwise take a new address for each request.
 */
export function subnetOf(client: string): string {
  if (!client.includes(':')) return client
  let subnet = subnets.get(client)
  if (subnet === undefined) {
    const address = addressOf(client)
    if (address?.kind() !== 'ipv6') return client
    const parts = (address as ipaddr.IPv6).parts.map((part, i) => (i < 4 ? part : 0))
    subnet = `${new ipaddr.IPv6(parts).toString()}/64`
    if (subnets.size >= mostKnown) subnets.clear()
    subnets.set(client, subnet)
  }
  return subnet
}

const subnets = new Map<string, string>()

/** The `for` of each element of a Forwarded header (RFC 7239); empty where there is none. */
function forwardedFor(header: string): readonly string[] {
  const hops: string[] = []
  let element = ''
  let part = ''
  let quoted = false
  const endPart = (): void => {
    const equals = part.indexOf('=')
    if (equals !== -1 && part.slice(0, equals).trim().toLowerCase() === 'for') element = part.slice(equals + 1).trim()
    part = ''
  }
  for (let at = 0; at < header.length; at++) {
    const char = header[at] as string
    if (char === '"') quoted = !quoted
    else if (quoted && char === '\\') part += header[++at] ?? ''
    else if (!quoted && (char === ';' || char === ',')) {
      endPart()
      if (char === ',') {
        hops.push(element)
        element = ''
      }
    } else part += char
  }
  endPart()
  hops.push(element)
  return hops
}

/** `[2001:db8::1]:443` and `192.0.2.1:443` without what follows the address. */
function withoutPort(text: string): string {
  if (text.startsWith('[')) return text.slice(1, Math.max(1, text.indexOf(']')))
  const colon = text.indexOf(':')
  return colon !== -1 && colon === text.lastIndexOf(':') ? text.slice(0, colon) : text
}

function addressOf(text: string): Address | null {
  // ipaddr.js would also take 0x7f.1 and decimal hosts, which no proxy writes
  if (text.length > 45 || !(ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text))) return null
  return ipaddr.process(text)
}

function rangeOf(text: string): Range {
  const address = addressOf(text)
  if (address !== null) return [address, address.kind() === 'ipv4' ? 32 : 128]
  try {
    return ipaddr.parseCIDR(text)
  } catch {
    throw new Error(`trustedProxies: ${text} is neither an address nor a CIDR range.`)
  }
}
