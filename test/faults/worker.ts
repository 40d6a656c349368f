// The worker as a process of its own: answers with the order id that it was given, and writes down what it did.
// Arguments: the brokers, the topic of the commands, and the file to write to.
import { openSync, writeSync } from 'node:fs'
import { Config } from '../../config/schema/index.ts'
import { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { serve } from '../../src/worker/index.ts'
import { answering } from './child.ts'

/** A command that was done, as a line of JSON. */
export type Deed = Readonly<{ id: string; command: string; at: number; expires: number | null }>

const [brokers = '', topic = '', file = ''] = process.argv.slice(2)
const deeds = openSync(file, 'a')
const broker = new KafkaBroker(Config.shape.broker.parse({ brokers }))
broker.start([topic])
const serving = await serve({ broker, topic, group: 'orders' }, (command, { expires }) => {
  const id = command.method === 'GET' ? command.params['orderId'] : (command.json() as { orderId: string }).orderId
  const deed: Deed = { id: String(id), command: String(command.id), at: Date.now(), expires }
  writeSync(deeds, `${JSON.stringify(deed)}\n`)
  return { status: command.method === 'GET' ? 200 : 201, body: { orderId: id } }
})
answering({ counters: () => serving.counters })
console.log('serving')
