// npm run bench:idle: how much of a core Sluice uses on Kafka while nobody asks anything: over 60 s, after 30 s of rest.
import { startKafka } from '../tools/kafka/cluster.ts'
import { start } from './candidates.ts'
import { pass, Running } from './process.ts'
import { commands, createTopics, deleteTopics } from './topics.ts'

const restMs = 30_000
const overMs = 60_000
const limit = 0.01 // of a core

const given = process.env['KAFKA_BROKERS']
await using kafka = given ? null : await startKafka({ progress: text => console.log(text) })
const brokers = kafka?.brokers ?? given ?? ''
await createTopics(brokers)
const worker = new Running('worker', ['bench/worker.ts', commands], { KAFKA_BROKERS: brokers }, true)
const sluice = await start('sluice', brokers, { scraped: false })
console.log('A load of 256 connections for 3 s, so that what is measured has worked before …')
await sluice.load({ connections: 256, warmMs: 0, measureMs: 3_000 }, () => {})
console.log(`Resting for ${restMs / 1_000} s, then measuring over ${overMs / 1_000} s …`)
await pass(restMs)
const begun = performance.now()
const used = sluice.process?.cpuUs() ?? 0
await pass(overMs)
sluice.process?.expectAlive()
const share = ((sluice.process?.cpuUs() ?? 0) - used) / 1_000 / (performance.now() - begun)
await sluice.stop()
await worker.stop()
if (kafka === null) await deleteTopics(brokers)
console.log(`Idle on Kafka, Sluice uses ${(share * 100).toFixed(2)} % of a core (limit ${limit * 100} %).`)
if (share >= limit) process.exitCode = 1
