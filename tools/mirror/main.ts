import { parseArgs } from 'node:util'
import { stopAsked } from '../stopped.ts'
import { startClusters } from './clusters.ts'
import type { Clusters } from './clusters.ts'

const help = `Runs two clusters of Kafka with MirrorMaker 2 between them, for development, without Docker: what
examples/two-clusters needs. Needs Java 17 or newer, and Maven once, to fetch the jars.

  npm run mirror         on free ports; Ctrl-C stops all and deletes their data
  --help                 prints this`

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } })
  if (values.help) return console.log(help)
  // before the start: a Ctrl-C while the jars are being fetched must clean up as well
  const { promise: stopped, resolve: stop } = stopAsked()
  let clusters: Clusters | undefined
  const watch = setInterval(() => {
    if (clusters === undefined || clusters.mirror.pid !== null) return
    console.error(`MirrorMaker 2 has ended:\n${clusters.mirror.printed}`)
    process.exitCode = 1
    stop()
  }, 500)
  const begun = performance.now()
  clusters = (await Promise.race([startClusters(line => console.log(line)), stopped])) ?? undefined
  // an early signal: leaving is enough, what was begun ends with this process
  if (clusters === undefined) return process.exit(0)
  const { KAFKA_A, KAFKA_B } = clusters.addresses
  console.log(`Both flows run after ${((performance.now() - begun) / 1_000).toFixed(1)} s. In two other terminals:

  KAFKA_A=${KAFKA_A} npx sluice start examples/two-clusters/gateway.yaml
  KAFKA_B=${KAFKA_B} node examples/two-clusters/worker.ts

and then:

  curl -i localhost:8080/orders -H 'content-type: application/json' -d '{"orderId":"o-1"}'
  curl -i localhost:8080/orders/o-1
  curl -N 'localhost:8080/orders/events?from=earliest'

Ctrl-C stops all and deletes their data.`)
  await stopped
  clearInterval(watch)
  await clusters[Symbol.asyncDispose]()
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
