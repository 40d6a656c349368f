import ipaddr from 'ipaddr.js'

/** Addresses that look public, and serve the metadata and credentials of the machines of a cloud. */
const metadata: ReadonlySet<string> = new Set(['168.63.129.16'])
/** What is assigned for global unicast (RFC 4291, 2.4): all else of IPv6 is special, or maps addresses of IPv4. */
const global = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Which addresses may be connected to: public ones, and the ranges that are allowed besides. Private, loopback, link-local,
 * mapped, translated, reserved and metadata addresses are not.
 */
export function admitting(allowed: readonly string[]): (address: string) => boolean {
  const ranges = allowed.map(text => (text.includes('/') ? ipaddr.parseCIDR(text) : wholeOf(ipaddr.parse(text))))
  return text => {
    if (!ipaddr.isValid(text)) return false
    const address = ipaddr.process(text) // an address of IPv4 that is mapped into IPv6 is what it stands for
    if (ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits))) return true
    if (address.range() !== 'unicast' || metadata.has(address.toString())) return false
    return address.kind() === 'ipv4' || address.match(global)
  }
}

const wholeOf = (address: ipaddr.IPv4 | ipaddr.IPv6): [ipaddr.IPv4 | ipaddr.IPv6, number] => [
  address,
  address.kind() === 'ipv4' ? 32 : 128,
]
