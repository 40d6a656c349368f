import { refuse } from '../../src/worker/index.ts' // in a project of your own: from 'sluice/worker'
import type { CommandHandler } from '../../src/worker/index.ts'

const usualMs = 1_000

/** Sells tickets, which takes a while: it says how far it is. */
export function ticketOffice(stepMs = usualMs): Readonly<{ sell: CommandHandler; sold: readonly string[] }> {
  const sold: string[] = []
  const sell: CommandHandler = async (command, { progress, signal }) => {
    const { seat } = command.json() as { seat?: unknown }
    if (typeof seat !== 'string') throw refuse(422, 'seat: text.')
    sold.push(seat)
    for (const [percent, note] of [
      [25, 'the seat is held'],
      [50, 'the payment is asked for'],
      [75, 'the payment is there'],
    ] as const) {
      progress(percent, note)
      await new Promise(resolve => setTimeout(resolve, stepMs))
      signal.throwIfAborted()
    }
    return { status: 201, body: { seat, ticket: sold.length } }
  }
  return { sell, sold }
}
