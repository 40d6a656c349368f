import type { Path } from './option.ts'
import type { View } from './view.ts'

const kinds = ['jwt', 'apiKeys', 'certificate', 'basic'] as const

/** Checks who vouches for clients, and what routes ask of them. */
export function checkIdentity(view: View): void {
  const issuers = new Map<string, string>()
  const certificates: string[] = []
  const providers = view.names('identity', 'providers')
  for (const provider of providers) {
    const path = ['identity', 'providers', provider]
    checkOne(view, path, kinds)
    if (view.has(...path, 'certificate')) checkCertificate(view, provider, certificates)
    if (!view.has(...path, 'jwt')) continue
    checkOne(view, [...path, 'jwt', 'jwks'], ['url', 'file'])
    const issuer = view.text(...path, 'jwt', 'issuer')
    const other = issuer === undefined ? undefined : issuers.get(issuer)
    if (other !== undefined)
      view.complain([...path, 'jwt', 'issuer'], `found that of providers.${other}, expected another issuer`)
    if (issuer !== undefined) issuers.set(issuer, provider)
  }
  for (const route of view.names('routes')) checkRoute(view, route, providers.length > 0)
}

function checkCertificate(view: View, provider: string, others: string[]): void {
  const path = ['identity', 'providers', provider, 'certificate']
  if (!view.has('server', 'tls', 'clientCaFile'))
    view.complain(path, 'found without server.tls.clientCaFile, expected it too: no client is asked for a certificate')
  if (others.length > 0) view.complain(path, `found that of providers.${others[0]} too, expected just one`)
  others.push(provider)
}

function checkOne(view: View, path: Path, names: readonly string[]): void {
  if (!view.isMapping(...path) || view.wrong(...path)) return
  const [first, second] = names.filter(name => view.has(...path, name))
  if (second !== undefined)
    view.complain([...path, second], `found beside ${first}, expected just one of ${names.join(', ')}`)
  else if (first === undefined) view.complain(path, `found none of ${names.join(', ')}, expected just one`)
}

function checkRoute(view: View, route: string, known: boolean): void {
  const identity = view.text('routes', route, 'identity')
  if (identity === undefined) return
  if (identity !== 'none') {
    if (!known) view.complain(['routes', route, 'identity'], 'found without identity.providers, expected at least one')
    return checkHeaders(view, route)
  }
  for (const option of ['scopes', 'claimHeaders', 'priorityByClaim'])
    if (view.has('routes', route, option))
      view.complain(['routes', route, option], 'found without identity, expected identity: required or optional')
  for (const kind of ['command', 'query', 'event'])
    if (view.text('routes', route, kind, 'key')?.startsWith('claim.') === true)
      view.complain(['routes', route, kind, 'key'], 'found without identity, expected identity: required or optional')
  for (const path of claimed(view, route))
    view.complain(['routes', route, ...path], 'found without identity, expected identity: required or optional')
}

/** What else of a route looks at claims. */
function claimed(view: View, route: string): readonly Path[] {
  const all: string[][] = []
  if (view.has('routes', route, 'event', 'topicByClaim')) all.push(['event', 'topicByClaim'])
  if (view.text('routes', route, 'quota', 'per')?.startsWith('claim.') === true) all.push(['quota', 'per'])
  for (let at = 0; view.has('routes', route, 'stream', 'filter', `${at}`); at++) {
    const path = ['stream', 'filter', `${at}`, 'equals']
    if (view.text('routes', route, ...path)?.startsWith('claim.') === true) all.push(path)
  }
  return all
}

/** What a client sends must not stand where a worker reads what was verified. */
function checkHeaders(view: View, route: string): void {
  const claimed = view.names('routes', route, 'claimHeaders')
  for (let at = 0; view.has('routes', route, 'requestHeaders', `${at}`); at++) {
    const header = view.text('routes', route, 'requestHeaders', `${at}`)
    if (header !== undefined && claimed.includes(header))
      view.complain(
        ['routes', route, 'requestHeaders', `${at}`],
        `found ${JSON.stringify(header)}, which claimHeaders has too: a client could say it in place of its claim`,
      )
  }
}
