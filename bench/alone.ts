// The child of bench/before.ts: the gateway of a checkout with its embedded broker and demo worker, and its clients, in one thread. Told
// a number, it sends so many orders and tells what CPU time one of them took.
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import type * as Loading from '../config/load.ts'
import type * as Wiring from '../src/app.ts'

const [root = '', file = ''] = process.argv.slice(2)
const connections = 32
const { load } = (await import(join(root, 'config/load.ts'))) as typeof Loading
const { start } = (await import(join(root, 'src/app.ts'))) as typeof Wiring
const set = ['server.port=0', 'admin.port=0', 'log.level=silent', 'broker.createTopics=true']
const { config, mistakes } = load(file, { set, env: { KAFKA_BROKERS: '' } })
if (config === null) throw new Error(JSON.stringify(mistakes))
const gateway = await start(config, { demo: true })
await gateway.ready
const { hostname, port } = new URL(gateway.url)
const agent = new Agent({ keepAlive: true, maxSockets: connections })
let asked = 0

const order = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const body = `{"orderId":"o-${asked++}","amount":42}`
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const req = request({ host: hostname, port, agent, path: '/orders', method: 'POST', headers }, res => {
      res.resume()
      res.on('end', resolve)
    })
    req.on('error', reject)
    req.end(body)
  })

process.on('message', (orders: number) => {
  const begun = process.cpuUsage()
  let left = orders
  const client = async (): Promise<void> => {
    while (left-- > 0) await order()
  }
  void Promise.all(Array.from({ length: connections }, client)).then(() => {
    const { user, system } = process.cpuUsage(begun)
    process.send?.((user + system) / orders)
  })
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
