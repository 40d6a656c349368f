/** Finds the first of some names whose origin a URL has; null when none has it. An origin is scheme, host and port; `*.` in front of the host stands for all below it. */
export type Origins = (url: URL) => string | null

export function originsOf(origins: Readonly<Record<string, Readonly<{ origin: string }>>>): Origins {
  const known = Object.entries(origins).map(([name, { origin }]) => {
    const { protocol, hostname, port } = new URL(origin.replace('//*.', '//'))
    return { name, protocol, hostname, port, below: origin.includes('//*.') }
  })
  return url => {
    const found = known.find(
      ({ protocol, hostname, port, below }) =>
        protocol === url.protocol &&
        port === url.port &&
        (below ? url.hostname.endsWith(`.${hostname}`) : url.hostname === hostname),
    )
    return found?.name ?? null
  }
}
