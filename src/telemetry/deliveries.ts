import type { Config } from '../../config/schema/index.ts'
import { deliveryResults } from '../events.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Messages posted to HTTP receivers. */
export function countDeliveries(meter: Meter, receivers: readonly string[]): Listeners {
  const total = meter.counter({
    name: 'sluice_deliveries_total',
    help: 'Attempts to deliver a message to an HTTP receiver, by what came of it: `delivered`, to be `retried`, `slowed` as the receiver asks for time, `refused` for good, or `ended` by 410.',
    labels: ['receiver', 'result'],
  })
  const took = meter.histogram(
    { name: 'sluice_delivery_seconds', help: 'How long receivers took to answer an attempt.', labels: ['receiver'] },
    bounds,
  )
  const results = byName(receivers, receiver => byName(deliveryResults, result => total({ receiver, result })))
  const times = byName(receivers, receiver => took({ receiver }))
  return {
    delivery: ({ receiver, result, ms }) => {
      results(receiver)(result).value++
      times(receiver).observe(ms / 1_000)
    },
  }
}

/** As they are called in metrics. */
export const receiversOf = ({
  operations,
  push = {},
}: Partial<Pick<Config, 'operations' | 'push'>>): readonly string[] => [
  ...Object.keys(operations?.callbacks?.receivers ?? {}).map(name => `callbacks.${name}`),
  ...Object.keys(push).map(name => `push.${name}`),
]
