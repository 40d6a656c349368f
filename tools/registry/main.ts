import { parseArgs } from 'node:util'
import { stopAsked } from '../stopped.ts'
import { startRegistry, version } from './apicurio.ts'

const help = `Runs a real schema registry for development: Apicurio Registry ${version}, in memory, without Docker.
Needs Java 17 or newer, and Maven once, to fetch it.

  npm run registry                 on a free port; Ctrl-C stops it, and what it knew is gone
  npm run registry -- --port N     on that port`

const { values } = parseArgs({
  options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
})
if (values.help) console.log(help)
else
  try {
    const { promise: stopped } = stopAsked()
    const stay = setInterval(() => {}, 60_000) // nothing else keeps this process
    const registry = await startRegistry({
      progress: line => console.log(line),
      ...(values.port !== undefined && { port: Number(values.port) }),
    })
    console.log(
      `The registry serves:\n\n  registry: { url: ${registry.url} }\n  registry: { url: ${registry.ccompatUrl}, kind: confluent }\n\nCtrl-C stops it.`,
    )
    await stopped
    clearInterval(stay)
    await registry[Symbol.asyncDispose]()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
