// A worker that quotes shipping costs. Its gateway is configured by gateway.yaml beside it.
import { refuse, serve } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'

const perKilo: Readonly<Record<string, number>> = { at: 4, de: 3, fr: 5 }

const worker = await serve(
  { brokers: process.env['KAFKA_BROKERS'] ?? 'localhost:9092', topic: 'shipping.commands', group: 'shipping' },
  async (command, { signal }) => {
    const { country = '' } = command.params
    const rate = Object.hasOwn(perKilo, country) ? perKilo[country] : undefined
    if (rate === undefined) throw refuse(404, `We do not ship to ${country}.`)
    const { kilos } = command.json() as { kilos?: unknown }
    if (typeof kilos !== 'number' || !(kilos > 0)) throw refuse(422, 'kilos: a number above 0.')
    signal.throwIfAborted() // pass the signal on to what takes long: nobody waits for the reply after `expires`
    return { body: { country, euros: Math.round(kilos * rate * 100) / 100 } }
  },
)
console.log('Quoting. Ctrl-C stops.')

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void worker.close().then(() => console.log('Done:', worker.counters)))
