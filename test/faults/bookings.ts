import type { Broker } from '../../src/bridge/broker.ts'
import { refuse, serve } from '../../src/worker/index.ts'
import type { Command, Context } from '../../src/worker/index.ts'
import type { Scope } from '../help/scope.ts'
import { sleep } from './time.ts'

export const steps = ['flight', 'hotel', 'payment'] as const
type StepName = (typeof steps)[number]

/** What the workers of the trips did, each command once whatever its `ce_id` came how often. */
export interface Booked {
  /** What is booked for the trip at present. */
  of(n: number): ReadonlySet<string>
  /** The commands that were executed, by trip and step. */
  readonly executed: ReadonlyMap<string, ReadonlySet<string>>
  /** Sendings that reached a worker, by command. */
  readonly sent: ReadonlyMap<string, number>
}

/** How a worker behaves beside doing what it is told; null: it just does. */
function mood(n: number, step: StepName): 'refuses' | 'fails' | 'is silent' | 'fails once' | 'is slow' | null {
  if (step === 'payment' && n % 11 === 3) return 'refuses'
  if (step === 'hotel' && n % 13 === 5) return 'fails'
  if (step === 'hotel' && n % 23 === 11) return 'is silent'
  if (step === 'flight' && n % 19 === 9) return 'fails once'
  if (step === 'payment' && n % 17 === 7) return 'is slow'
  return null
}

/** Three workers in this process, which nobody kills. */
export async function bookings(scope: Scope, broker: Broker): Promise<Booked> {
  const trips = new Map<number, Set<string>>()
  const [executed, sent] = [new Map<string, Set<string>>(), new Map<string, number>()]
  const of = (n: number): Set<string> => {
    const known = trips.get(n) ?? new Set()
    trips.set(n, known)
    return known
  }
  const does = (n: number, { id, route }: Command, effect: () => void): void => {
    const name = `trip ${n} ${route}`
    const ids = executed.get(name) ?? new Set()
    executed.set(name, ids)
    if (ids.has(id ?? '')) return
    ids.add(id ?? '')
    effect()
  }
  const handler =
    (step: StepName) =>
    async (command: Command, { signal }: Context) => {
      const id = command.id ?? ''
      const times = (sent.get(id) ?? 0) + 1
      sent.set(id, times)
      await sleep(5)
      if (command.route.endsWith('.undo')) {
        const { n } = (command.json() as { request: { n: number } }).request
        does(n, command, () => void of(n).delete(step))
        return { status: 200, body: {} }
      }
      const { n } = command.json() as { n: number }
      const how = mood(n, step)
      if (how === 'refuses') throw refuse(402, 'too dear')
      if (how === 'fails once' && times === 1) throw refuse(503, 'not now')
      does(n, command, () => void of(n).add(step))
      if (how === 'fails') throw refuse(500, 'booked, and then it broke')
      if (how === 'is slow') await sleep(2_500)
      if (how === 'is silent') await new Promise((_, reject) => signal.addEventListener('abort', reject))
      return { status: 201, body: { booked: step } }
    }
  for (const step of steps) {
    const serving = await serve({ broker, topic: `${step}s.commands`, group: step, concurrency: 1_000 }, handler(step))
    scope.after(() => serving.close())
  }
  return { of, executed, sent }
}
