import { Config } from '../../config/schema/index.ts'
import { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { brokerContract } from '../bridge/broker.contract.ts'
import { useKafka } from '../help/kafka.ts'

const kafka = useKafka()

if (kafka.skip === false)
  brokerContract('Kafka', async () => {
    const broker = new KafkaBroker(Config.parse({ routes: {}, broker: { brokers: kafka.brokers } }).broker)
    broker.start([])
    return { broker, close: () => broker[Symbol.asyncDispose]() }
  })
