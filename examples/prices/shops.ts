import { refuse } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import type { Command } from '../../src/worker/index.ts'

const prices: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  north: { tea: 3.2, rice: 1.9 },
  south: { tea: 2.9 },
  west: { tea: 3.5, rice: 1.7 },
}

/** A shop that answers what an item costs there, or 404. */
export const shop = (name: string) => (command: Command) => {
  const price = prices[name]?.[command.params['item'] ?? '']
  if (price === undefined) throw refuse(404, `${name} has none`)
  return { body: { price } }
}
