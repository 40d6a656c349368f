import type { Config, DomainReplies } from '../../config/schema/index.ts'
import { payloadOf, schemasOf } from './described.ts'
import type { ShownOf } from './described.ts'
import { always, commandOf, eventOf, object, pointed, recordOf, replyOf, text, told } from './messages.ts'
import { topicsOf, usesOperations } from './topics.ts'
import { dialectOf, rowOf } from './wire/index.ts'

type Json = Readonly<Record<string, unknown>>
type WorkerOptions = Config['workers'][string]

/** A name as the document takes it. */
const named = (topic: string): string => topic.replaceAll(/[^A-Za-z0-9_-]/g, '_')
const toChannel = (topic: string): Json => ({ $ref: `#/channels/${named(topic)}` })
const toMessage = (topic: string, message: string): Json => ({
  $ref: `#/channels/${named(topic)}/messages/${message}`,
})

/** What is on the topics, in the words of AsyncAPI 3: the gateway sends commands and events, and receives replies. */
export function asyncapi(config: Config, shown: ShownOf = () => null): Json {
  const { title, version } = config.api
  const routes = Object.entries(config.routes)
  const workers = Object.entries(config.workers)
  const operating = usesOperations(config)
  const replyTopic = (asynchronous: boolean): string =>
    asynchronous ? config.operations.replies : config.replies.topic
  const messages = new Map<string, Record<string, Json>>()
  const say = (topic: string, name: string, message: Json): void =>
    void messages.set(topic, { ...messages.get(topic), [name]: message })
  const operations: Record<string, Json> = {}

  for (const [name, route] of routes) {
    const to = route.command ?? route.query
    if (route.event !== undefined) {
      say(route.event.topic, name, eventOf(name, route, payloadOf(name, 'request', shown)))
      operations[name] = sends(route.event.topic, name, `An event: ${route.match}.`)
    } else if (to !== undefined) {
      const worker = config.workers[to.to]
      if (worker === undefined) continue
      say(worker.topic, name, commandOf(name, route, worker, payloadOf(name, 'request', shown)))
      for (const also of route.gather?.also ?? []) {
        const other = config.workers[also]
        if (other === undefined) continue
        say(other.topic, name, commandOf(name, route, other, payloadOf(name, 'request', shown)))
        operations[`${name}-${also}`] = sends(other.topic, name, `The same for ${also}: ${route.match}.`)
      }
      const replies = replyTopic(operating && route.async === 'always')
      const { replyTopic: header } = rowOf(dialectOf(worker))
      const { replies: domain } = route
      for (const [type, event] of domainEventsOf(name, domain)) say(domain?.topic ?? '', type, event)
      if (domain === undefined && shown(name, 'reply', '#') !== null)
        say(replies, `reply-to-${name}`, replyOf(`Reply to ${name}`, worker, payloadOf(name, 'reply', shown)))
      operations[name] = {
        ...sends(worker.topic, name, `A ${route.command === undefined ? 'query' : 'command'}: ${route.match}.`),
        reply:
          domain !== undefined
            ? toldOn(domain)
            : {
                address: { location: `$message.header#/${pointed(header)}`, description: 'The topic of the replies.' },
                channel: toChannel(replies),
                messages: [toMessage(replies, repliesOf(name, to.to, shown))],
              },
      }
    } else if (route.process === undefined) {
      const told = route.view === undefined ? (route.stream?.topics ?? []) : [route.view.topic]
      for (const topic of told) {
        const message = recordOf(name, shown)
        say(topic, message.name, message)
        operations[`${name}-${named(topic)}`] = receives(
          topic,
          message.name,
          `${route.view === undefined ? 'Told' : 'Shown'} to clients: ${route.match}.`,
        )
      }
    }
  }
  for (const [name, message, worker] of stepsOf(config)) {
    say(worker.topic, name, message)
    operations[named(name)] = sends(worker.topic, name, `A step of a process.`)
  }
  for (const topic of new Set([replyTopic(false), ...(operating ? [replyTopic(true)] : [])]))
    for (const [name, worker] of workers) {
      say(topic, `reply-of-${name}`, replyOf(`Reply of ${name}`, worker, { description: 'The body of the answer.' }))
      operations[`replies-of-${name}-on-${named(topic)}`] = receives(topic, `reply-of-${name}`, `Replies of ${name}.`)
    }
  return {
    asyncapi: '3.0.0',
    info: { title, version },
    servers: serversOf(config),
    channels: channelsOf(config, messages),
    operations,
    ...schemasOf(Object.keys(config.routes), shown),
  }
}

const sends = (topic: string, message: string, summary: string): Json => ({
  action: 'send',
  summary,
  channel: toChannel(topic),
  messages: [toMessage(topic, message)],
})
const receives = (topic: string, message: string, summary: string): Json => ({
  ...sends(topic, message, summary),
  action: 'receive',
})

const mechanisms = { plain: 'plain', 'scram-sha-256': 'scramSha256', 'scram-sha-512': 'scramSha512' } as const

/** How the brokers know who comes: by SASL, by a certificate, or both. */
const securityOf = ({ tls, sasl }: Config['broker']): readonly Json[] => [
  ...(sasl === undefined ? [] : [{ type: mechanisms[sasl.mechanism], description: 'SASL.' }]),
  ...(typeof tls === 'object' && tls.certFile !== undefined ? [{ type: 'X509', description: 'Mutual TLS.' }] : []),
]

function serversOf({ broker }: Config): Json {
  const addresses = broker.brokers.split(',').map(address => address.trim())
  const secure = broker.tls !== false
  const security = securityOf(broker)
  const told = security.length === 0 ? {} : { security }
  return Object.fromEntries(
    addresses
      .filter(address => address !== '')
      .map((host, i) => [`broker-${i + 1}`, { host, protocol: secure ? 'kafka-secure' : 'kafka', ...told }]),
  )
}

function channelsOf(config: Config, messages: ReadonlyMap<string, Record<string, Json>>): Json {
  const partitions = new Map(topicsOf(config).map(({ name, partitions }) => [name, partitions]))
  return Object.fromEntries(
    [...messages].map(([topic, said]) => {
      const count = partitions.get(topic)
      const kafka = { topic, ...(count !== undefined && count > 0 && { partitions: count }), bindingVersion: '0.5.0' }
      return [named(topic), { address: topic, messages: said, bindings: { kafka } }]
    }),
  )
}

/** Which message answers a route: one of its own where it says what its replies are. */
const repliesOf = (route: string, worker: string, shown: ShownOf): string =>
  shown(route, 'reply', '#') === null ? `reply-of-${worker}` : `reply-to-${route}`

/** The commands of all processes, and what undoes them, by `ce_type`. */
const stepsOf = ({ processes, workers }: Config): readonly (readonly [string, Json, WorkerOptions])[] =>
  Object.entries(processes).flatMap(([process, { steps }]) =>
    steps.flatMap(({ name, to, undo }) =>
      [
        [`${process}.${name}`, to] as const,
        ...(undo === undefined ? [] : [[`${process}.${name}.undo`, undo.to ?? to] as const]),
      ].flatMap(([type, to]) => {
        const worker = workers[to]
        if (worker === undefined) return []
        const { correlation } = rowOf(dialectOf(worker))
        const headers = object({ ...told, [correlation]: text }, [...always, correlation])
        return [[named(type), { title: type, headers, payload: {} }, worker] as const]
      }),
    ),
  )

/** The domain events that answer a route, by type. */
const domainEventsOf = (route: string, domain: DomainReplies | undefined): readonly (readonly [string, Json])[] =>
  Object.entries(domain?.outcomes ?? {}).map(([type, status]) => [
    named(type),
    { title: type, summary: `Answers ${route} with ${status}.`, payload: { description: 'The body of the answer.' } },
  ])

const toldOn = ({ topic, outcomes }: DomainReplies): Json => ({
  channel: toChannel(topic),
  messages: Object.keys(outcomes).map(type => toMessage(topic, named(type))),
})
