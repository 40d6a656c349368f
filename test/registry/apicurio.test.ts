import { after, before, test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { registryAvailable, startRegistry } from '../../tools/registry/apicurio.ts'
import type { ApicurioRegistry } from '../../tools/registry/apicurio.ts'
import { aGateway } from '../help/gateway.ts'
import { loudly } from '../help/loud.ts'
import { handWorker } from '../help/hand.ts'
import { formats, registerAll } from '../help/schemas.ts'
import type { Format } from '../help/schemas.ts'
import type { Scope } from '../help/scope.ts'

let registry: ApicurioRegistry | null = null
let skip: string | false = false
const topicOf = (format: Format): string => `orders.${format}`

/** One for all tests of the file. Where it cannot be had its tests are skipped loudly, in CI they fail. */
before(async () => {
  const reason = registryAvailable()
  try {
    if (reason !== null) throw new Error(reason)
    registry = await startRegistry({ progress: line => console.error(line) })
    await registerAll(registry.url, topicOf)
  } catch (error) {
    if (process.env.CI === 'true') throw error
    skip = `Apicurio cannot be started: ${(error as Error).message}`
    loudly(`WITHOUT A REGISTRY: no test on a real one is run. ${skip}`)
  }
})
after(() => registry?.[Symbol.asyncDispose]())

async function gatewayOf(t: Scope, options: object) {
  const workers = Object.fromEntries(formats.map(format => [format, { topic: topicOf(format) }]))
  const routes = Object.fromEntries(
    formats.map(format => {
      const request = { registry: 'topic', ...(format === 'protobuf' && { message: 'acme.Order' }) }
      return [
        format,
        { match: `POST /${format}`, command: { to: format }, schema: { request, reply: { registry: 'id' } } },
      ]
    }),
  )
  return await aGateway(t, { registry: options, workers, routes })
}

for (const [what, options] of Object.entries({
  'its own API, content ids in payloads': {},
  'its own API, global ids in headers': { ids: 'global', idsIn: 'headers' },
  'the API of Confluent': { kind: 'confluent' },
}))
  test(`a real Apicurio, ${what}: what is written is read again, in every language`, async t => {
    if (registry === null) return t.skip(String(skip))
    const url = what.includes('Confluent') ? registry.ccompatUrl : registry.url
    const { ask, broker } = await gatewayOf(t, { url, timeoutMs: 20_000, ...options })
    for (const format of formats) {
      const worker = await handWorker(t, broker, topicOf(format))
      const asked = ask(`/${format}`, { body: { orderId: 'o-1', amount: 7 } })
      const command = await worker.next()
      const headers = command.record.headers.filter(([name]) => /^(apicurio|sluice-correlation)/.test(name))
      await command.publish(headers, command.record.value)
      const { status, json } = await asked
      equal(status, 200)
      deepEqual(json, { orderId: 'o-1', amount: format === 'protobuf' ? '7' : 7 })
      equal((await ask(`/${format}`, { body: { orderId: 5 } })).code, 'schema-violation')
    }
  })
