// A worker as a process of its own, which answers with the order that it was given.
// Arguments: the brokers and the topic of the commands.
import { Config } from '../../config/schema/index.ts'
import { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { serve } from '../../src/worker/index.ts'

const [brokers = '', topic = ''] = process.argv.slice(2)
const broker = new KafkaBroker(Config.shape.broker.parse({ brokers }))
broker.start([topic])
await serve({ broker, topic, group: topic, concurrency: 256 }, command => ({
  status: command.method === 'GET' ? 200 : 201,
  body: command.method === 'GET' ? { orderId: command.params['orderId'] } : command.json(),
}))
console.log('serving')
