import { now, pause } from '../clock.ts'
import type { Instant } from '../clock.ts'
import type { Behaviour } from './behaviour.ts'
import type { Crew, Who } from './crew.ts'

/** What befalls a run: a member of the workers, the gateway's reader of replies, or the broker. */
export type Action =
  | Readonly<{ do: 'freeze' | 'thaw' | 'kill' | 'leave'; who: Who }>
  | Readonly<{ do: 'join'; who: number }>
  | Readonly<{ do: 'behave'; who: Who; change: Partial<Behaviour> }>
  | Readonly<{ do: 'cut-replies' | 'heal-replies' | 'kill-broker' | 'start-broker' }>
export type Fault = Action & Readonly<{ atMs: number }>
/** When it was done, and when that was finished: a member leaves and joins in its time. */
export type Happened = Fault & Readonly<{ begunMs: number; endedMs: number }>

/** Who is there to be troubled; null for what is not in this run. */
export type Cast = Readonly<{
  crew: Pick<Crew, 'freeze' | 'thaw' | 'kill' | 'leave' | 'join' | 'behave'>
  replies: Readonly<{ cut: () => void; heal: () => void }> | null
  broker: Readonly<{ kill: () => Promise<void>; start: () => Promise<void> }> | null
}>

/** Does each fault at its time from `start`, and does not wait for one to begin the next. Resolves when all are finished, or the signal aborts. */
export async function unfold(
  faults: readonly Fault[],
  cast: Cast,
  start: Instant,
  signal: AbortSignal,
): Promise<readonly Happened[]> {
  const one = async (fault: Fault): Promise<readonly Happened[]> => {
    await pause(start + fault.atMs - now(), signal)
    if (signal.aborted) return []
    const begunMs = now() - start
    await act(fault, cast)
    return [{ ...fault, begunMs, endedMs: now() - start }]
  }
  return (await Promise.all(faults.map(one))).flat()
}

async function act(action: Action, { crew, replies, broker }: Cast): Promise<void> {
  switch (action.do) {
    case 'freeze':
    case 'thaw':
    case 'kill':
      return crew[action.do](action.who)
    case 'leave':
      return await crew.leave(action.who)
    case 'join':
      return await crew.join(action.who)
    case 'behave':
      return crew.behave(action.who, action.change)
    case 'cut-replies':
      return there(replies, 'proxy before the broker').cut()
    case 'heal-replies':
      return there(replies, 'proxy before the broker').heal()
    case 'kill-broker':
      return await there(broker, 'broker of its own').kill()
    case 'start-broker':
      return await there(broker, 'broker of its own').start()
  }
}

function there<T>(part: T | null, name: string): T {
  if (part === null) throw new Error(`This run has no ${name}.`)
  return part
}
