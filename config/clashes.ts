import { nearest } from './mistake.ts'
import type { View } from './view.ts'

const everywhere: readonly string[] = ['0.0.0.0', '::']
const secrets = ['password', 'passwordFile']

/** Checks what would get in each other's way: topics, names, ports, and what lacks its other half or stands the wrong way round. */
export function checkClashes(view: View): void {
  checkTopics(view)
  if (view.names('workers').includes('cluster'))
    view.complain(['workers', 'cluster'], 'the name is taken by the circuit of the brokers, expected another')
  checkListeners(view)
  checkCredentials(view)
  checkPriority(view)
  checkOverload(view)
  checkRedis(view)
  checkTls(view)
  if (view.truth('api', 'docs') === true && view.truth('api', 'expose') !== true)
    view.complain(['api', 'docs'], 'found without api.expose, expected both: the page reads /openapi.json')
}

function checkTopics(view: View): void {
  const replies = view.text('replies', 'topic')
  if (replies === undefined) return
  const complain = (...path: readonly string[]): void => {
    if (view.text(...path) === replies)
      view.complain(path, `found ${JSON.stringify(replies)}, which is replies.topic, expected another`)
  }
  for (const worker of view.names('workers')) complain('workers', worker, 'topic')
  for (const route of view.names('routes')) {
    complain('routes', route, 'event', 'topic')
    complain('routes', route, 'view', 'topic')
    for (let at = 0; view.has('routes', route, 'stream', 'topics', `${at}`); at++)
      complain('routes', route, 'stream', 'topics', `${at}`)
  }
}

function checkListeners(view: View): void {
  const port = view.number('admin', 'port')
  if (port === undefined || port === 0 || port !== view.number('server', 'port') || view.has('server', 'socket')) return
  const hosts = [view.text('server', 'host'), view.text('admin', 'host')]
  if (hosts.includes(undefined)) return
  if (hosts[0] === hosts[1] || hosts.some(host => host !== undefined && everywhere.includes(host)))
    view.complain(['admin', 'port'], `found ${port}, which is server.port, expected another`)
}

function checkCredentials(view: View): void {
  const sasl = ['broker', 'sasl'] as const
  const options = view.names(...sasl)
  const complete = options.includes('password') || options.includes('passwordFile')
  if (options.length > 0 && !complete && !options.some(name => nearest(name, secrets) !== null))
    view.complain(sasl, 'has no password, expected password or passwordFile')
  const [cert, key] = [
    ['broker', 'tls', 'certFile'],
    ['broker', 'tls', 'keyFile'],
  ] as const
  if (view.has(...cert) && !view.has(...key)) view.complain(cert, 'found without keyFile, expected both')
  if (view.has(...key) && !view.has(...cert)) view.complain(key, 'found without certFile, expected both')
}

function checkPriority(view: View): void {
  if (view.has('server', 'priorityHeader') && !view.has('server', 'trustedProxies'))
    view.complain(
      ['server', 'priorityHeader'],
      'found without trustedProxies, expected both: nobody would be believed what it says',
    )
}

function checkOverload(view: View): void {
  const sheddable = view.number('overload', 'sheddableDelayMs')
  const normal = view.number('overload', 'normalDelayMs')
  if (sheddable !== undefined && normal !== undefined && sheddable >= normal)
    view.complain(
      ['overload', 'normalDelayMs'],
      `found ${normal}, expected more than sheddableDelayMs, which is ${sheddable}: the least important go first`,
    )
}

function checkRedis(view: View): void {
  const options = view.names('redis')
  const named = options.some(name => ['url', 'urlFile'].includes(name) || nearest(name, ['url', 'urlFile']) !== null)
  if (view.isMapping('redis') && !named) view.complain(['redis'], 'has no address, expected url or urlFile')
}

function checkTls(view: View): void {
  const tls = ['server', 'tls'] as const
  if (view.has(...tls, 'clientCaFile')) return
  for (const option of ['clientCertificate', 'crlFile'])
    if (view.has(...tls, option)) view.complain([...tls, option], 'found without clientCaFile, expected both')
}
