// Run by leases.test.ts as a process of its own, to see that it ends by itself: leases, and says when it leaves.
import { setTimeout as sleep } from 'node:timers/promises'
import { Config } from '../../config/schema/index.ts'
import { Leases } from '../../src/resilience/quota/leases.ts'

const leases = new Leases(Config.parse({ routes: {}, redis: { url: process.argv[2], requestMs: 200 } }).redis!)
const lease = leases.total({ policy: 'lease', name: 'orders', requests: 100, windowMs: 1_000 })
for (let i = 0; i < 100 && !leases.ready; i++) await sleep(5)
lease.spend()
await sleep(20)
const told = new Promise(resolve => process.once('SIGTERM', resolve)) // before it says where it is: the signal may be quick
console.log('here')
await told
lease.spend()
await leases[Symbol.asyncDispose]()
