import { Config } from '../../config/schema/index.ts'
import { start } from '../../src/app.ts'
import type { Gateway } from '../../src/app.ts'
import { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { client } from './ask.ts'
import type { Ask } from './ask.ts'
import { adminOf, configOf, merged } from './gateway.ts'
import type { Admin, Part } from './gateway.ts'
import { fresh } from './kafka.ts'
import type { Scope } from './scope.ts'
import { until } from './until.ts'

/** The topics of one test, which no other uses. */
export type Topics = Readonly<{ commands: string; signals: string; replies: string }>
export const freshTopics = (): Topics => ({
  commands: fresh('orders.commands'),
  signals: fresh('signals'),
  replies: fresh('gateway.replies'),
})

/** What a configuration says of a Kafka and the topics of a test. */
export const onKafka = (brokers: string, { commands, signals, replies }: Topics): Part => ({
  broker: { brokers, publish: { attemptMs: 500 } },
  instance: { id: fresh('gateway') },
  workers: { orders: { topic: commands } },
  routes: { signal: { event: { topic: signals } } },
  replies: { topic: replies },
})

/** Another client of the same Kafka, which no proxy and no gateway stands before; gone with the test. */
export async function kafkaBroker(t: Scope, brokers: string, topics: readonly string[] = []): Promise<KafkaBroker> {
  const broker = new KafkaBroker(Config.parse({ routes: {}, broker: { brokers } }).broker)
  t.after(() => broker[Symbol.asyncDispose]())
  broker.start(topics)
  await until('the broker is reached', () => broker.state === 'ready')
  return broker
}

export type OnKafka = Readonly<{ gateway: Gateway; topics: Topics; ask: Ask; admin: Admin }>

/** The whole gateway on a real Kafka, in this process, ready; gone with the test. `brokers` may be a proxy's address. */
export async function gatewayOnKafka(
  t: Scope,
  brokers: string,
  over: Part = {},
  { topics = freshTopics(), demo = false }: Readonly<{ topics?: Topics; demo?: boolean }> = {},
): Promise<OnKafka> {
  const gateway = await start(configOf(merged(onKafka(brokers, topics), over)), { demo })
  const { ask, ...held } = client(gateway.url)
  t.after(async () => {
    await gateway.stop({ delayMs: 0 })
    held[Symbol.dispose]()
  })
  await gateway.ready
  return { gateway, topics, ask, admin: adminOf(t, gateway.adminUrl) }
}
