import { instead } from './mistake.ts'
import type { Path } from './option.ts'
import type { View } from './view.ts'

/** Checks that what names an upstream names one that there is, and that what calls read is not what they write. */
export function checkUpstreams(view: View): void {
  for (const name of view.names('calls')) {
    checkUpstreamNamed(view, ['calls', name, 'upstream'])
    checkTopics(view, name)
  }
  for (const name of view.names('upstreams')) checkCertificate(view, ['upstreams', name, 'tls'])
}

/** What only those have who wait for a worker, or write into a topic. */
const ofTopics = [
  'async',
  'onTimeout',
  'lateReplies',
  'idempotency',
  'resend',
  'hedge',
  'retryOn',
  'spool',
  'strangler',
] as const

/** Checks a route with an upstream: alone, or beside the command or query that is to take its place. */
export function checkUpstreamRoute(view: View, route: string, given: readonly string[]): void {
  const path = ['routes', route] as const
  const both = given.length === 1 && (given[0] === 'command' || given[0] === 'query')
  if (!view.has(...path, 'upstream')) {
    if (view.has(...path, 'strangler'))
      view.complain([...path, 'strangler'], 'found without upstream, expected both an upstream and a command or query')
    return
  }
  checkUpstreamNamed(view, [...path, 'upstream', 'to'])
  if (given.length > 0 && !both)
    view.complain([...path, 'upstream'], `found beside ${given[0]}, expected it alone, or beside a command or query`)
  if (given.length > 0) return
  for (const option of ofTopics)
    if (view.has(...path, option))
      view.complain([...path, option], 'found on an upstream alone, expected beside a command or query')
}

/** Complains of the name of an upstream that there is not. */
export function checkUpstreamNamed(view: View, path: Path): void {
  const to = view.text(...path)
  const upstreams = view.names('upstreams')
  if (to === undefined || upstreams.includes(to)) return
  view.complain(path, `found ${JSON.stringify(to)}, which is no upstream, ${instead(to, upstreams)}`)
}

/** A dead letter that is read as a command again, or a reply that is, would go round for ever. */
function checkTopics(view: View, name: string): void {
  const topic = view.text('calls', name, 'topic')
  const complain = (option: string, what: string): void =>
    view.complain(['calls', name, option], `found ${JSON.stringify(topic)}, which is ${what}, expected another`)
  if (topic === undefined) return
  if (view.text('calls', name, 'dead') === topic) complain('dead', 'the topic of the commands')
  if (view.text('replies', 'topic') === topic) complain('topic', 'replies.topic')
  if (view.text('calls', name, 'dialect') === 'custom' && !view.has('calls', name, 'custom'))
    view.complain(['calls', name, 'dialect'], 'found "custom" without custom, expected both')
}

function checkCertificate(view: View, tls: Path): void {
  const [cert, key] = [view.has(...tls, 'certFile'), view.has(...tls, 'keyFile')]
  if (cert && !key) view.complain([...tls, 'certFile'], 'found without keyFile, expected both')
  if (key && !cert) view.complain([...tls, 'keyFile'], 'found without certFile, expected both')
}
