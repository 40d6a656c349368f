import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { useKafka } from '../help/kafka.ts'
import { collector, exporting, treeOf } from '../help/otlp.ts'
import { openPeer } from '../help/peers.ts'
import { go, maven, python, without } from '../help/recipes.ts'
import type { Recipe } from '../help/recipes.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

type Traced = Readonly<{
  title: string
  example: string
  recipe: Recipe
  ready: RegExp
  /** The variables that tell it where its spans go. */
  env?: (url: string) => Readonly<Record<string, string>>
  /** What is below the record that the gateway has sent. `commands` and `replies` stand for the topics of the test. */
  below: readonly string[]
}>

/** One call is one trace: whatever the worker makes of its part, the gateway's stand above and below it. */
function joins({ title, example, recipe, ready, env, below }: Traced): void {
  const skip = kafka.skip || without(title, recipe)
  test(`${title} is in the trace of the call`, { skip, timeout: 600_000 }, async t => {
    const collected = await collector(t)
    exporting(t, collected)
    const opened = await openPeer(t, { example, recipe, ready, env: env?.(collected.url) ?? {} }, kafka.brokers)
    if (opened === null) return t.skip(`examples/${example} could not be built.`)
    const { ask, gateway, worker, topics } = opened
    const asked = { body: { orderId: 'o-1', amount: 42 }, headers: { traceparent: `00-${traceId}-${spanId}-01` } }
    equal((await ask('/orders', asked)).status, 201, worker.printed)
    await gateway.stop({ delayMs: 0 })
    const tree = (): readonly string[] =>
      treeOf(collected.spans(), traceId, spanId).map(line =>
        line.replace(topics.commands, 'commands').replace(topics.replies, 'replies'),
      )
    const expected = ['SERVER POST /orders (sluice)', '  PRODUCER send commands (sluice)', ...below]
    await until('all spans have come', () => tree().length >= expected.length, 15_000).catch(() => {})
    deepEqual(tree(), expected, worker.printed)
  })
}

joins({
  title: 'Spring Boot, by its own instrumentation,',
  example: 'spring',
  recipe: maven('target/orders-1.jar'),
  ready: /partitions assigned/,
  env: url => ({ MANAGEMENT_OPENTELEMETRY_TRACING_EXPORT_OTLP_ENDPOINT: `${url}/v1/traces` }),
  below: [
    '    CONSUMER commands process (orders)',
    '      PRODUCER replies send (orders)',
    '        CONSUMER process replies (sluice)',
  ],
})

joins({
  title: 'Python, which only copies traceparent,',
  example: 'python-plain',
  recipe: python('orders.py'),
  ready: /joined, [1-9]\d* partitions/,
  below: ['    CONSUMER process replies (sluice)'],
})

joins({
  title: 'Go, which only copies traceparent,',
  example: 'go-plain',
  recipe: go,
  ready: /joined, [1-9]\d* partitions/,
  below: ['    CONSUMER process replies (sluice)'],
})
