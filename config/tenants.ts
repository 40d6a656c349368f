import type { View } from './view.ts'

/** Checks who tenants are, what they have of their own, and that every route can tell them apart. */
export function checkTenants(view: View): void {
  if (!view.has('tenants')) {
    for (const route of view.names('routes'))
      if (view.has('routes', route, 'tenant'))
        view.complain(['routes', route, 'tenant'], 'found without a section tenants, expected one')
    return
  }
  const from = view.text('tenants', 'from')
  if (from === 'host' && view.has('tenants', 'others'))
    view.complain(['tenants', 'others'], 'found with from: host, but anybody may make up hosts: expected them in of')
  checkHosts(view, from)
  for (const tenant of view.names('tenants', 'of')) checkOwn(view, tenant)
  checkShares(view)
  for (const route of view.names('routes')) checkRoute(view, route, from)
}

function checkHosts(view: View, from: string | undefined): void {
  const known = new Map<string, string>()
  for (const tenant of view.names('tenants', 'of')) {
    const path = ['tenants', 'of', tenant, 'hosts']
    if (from === 'host' && !view.has(...path, '0'))
      view.complain(path, 'found none, expected at least one with from: host')
    for (let at = 0; view.has(...path, `${at}`); at++) {
      const host = view.text(...path, `${at}`)
      const other = host === undefined ? undefined : known.get(host)
      if (other !== undefined) view.complain([...path, `${at}`], `found ${host}, which is that of ${other}`)
      if (host !== undefined) known.set(host, tenant)
    }
  }
}

function checkOwn(view: View, tenant: string): void {
  const workers = view.names('workers')
  const path = ['tenants', 'of', tenant, 'workers']
  for (const worker of view.names(...path)) {
    const own = view.text(...path, worker)
    if (!workers.includes(worker)) view.complain([...path, worker], 'is the name of no worker')
    else if (own !== undefined && !workers.includes(own))
      view.complain([...path, worker], `found ${own}, which is the name of no worker`)
  }
}

/** All tenants may have all of their shares at once. */
function checkShares(view: View): void {
  let sum = 0
  for (const tenant of view.names('tenants', 'of')) {
    const share = view.number('tenants', 'of', tenant, 'share') ?? 0
    if (sum + share > 100)
      view.complain(
        ['tenants', 'of', tenant, 'share'],
        `found ${share}, expected at most ${100 - sum}: all shares are 100 together`,
      )
    sum += share
  }
  if (sum === 0) return
  for (const route of view.names('routes'))
    if ((view.number('routes', route, 'share') ?? 0) > 0)
      view.complain(['routes', route, 'share'], 'found beside shares of tenants, expected one kind of shares')
}

function checkRoute(view: View, route: string, from: string | undefined): void {
  const complain = (option: string, message: string): void => view.complain(['routes', route, option], message)
  if (view.text('routes', route, 'tenant') === 'none') {
    if (['async', 'onTimeout', 'idempotency', 'lateReplies'].some(option => view.has('routes', route, option)))
      complain('tenant', 'found none, but operations are those of tenants: expected required')
    return
  }
  if (from?.startsWith('claim.') === true && view.text('routes', route, 'identity') === 'none')
    complain('identity', 'found none, but the tenant is a claim: expected identity: required, or tenant: none')
  if (view.has('routes', route, 'view') && !view.has('routes', route, 'view', 'key'))
    complain('view', 'lists what all tenants have: expected a key, or tenant: none')
  if (view.has('routes', route, 'stream') && !comparesClaim(view, route))
    complain('stream', 'tells what all tenants have: expected a filter that equals claim.<name>, or tenant: none')
  const header = view.text('tenants', 'header')
  for (let at = 0; view.has('routes', route, 'requestHeaders', `${at}`); at++)
    if (header !== undefined && view.text('routes', route, 'requestHeaders', `${at}`) === header)
      view.complain(
        ['routes', route, 'requestHeaders', `${at}`],
        `found ${header}, which is tenants.header: a client could say it in place of its tenant`,
      )
}

function comparesClaim(view: View, route: string): boolean {
  for (let at = 0; view.has('routes', route, 'stream', 'filter', `${at}`); at++)
    if (view.text('routes', route, 'stream', 'filter', `${at}`, 'equals')?.startsWith('claim.') === true) return true
  return false
}
