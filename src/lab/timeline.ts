import { now, pause } from '../clock.ts'
import type { Instant } from '../clock.ts'
import type { Behaviour } from './behaviour.ts'
import type { Crew, Who } from './crew.ts'
import type { Conditions, Link } from './link.ts'

/** What befalls a run: a member of the workers, the gateway's reader of replies, or the broker. */
export type Action =
  | Readonly<{ do: 'freeze' | 'thaw' | 'kill' | 'leave'; who: Who }>
  | Readonly<{ do: 'join'; who: number }>
  | Readonly<{ do: 'behave'; who: Who; change: Partial<Behaviour> }>
  | Readonly<{ do: 'cut-replies' | 'heal-replies' | 'kill-broker' | 'start-broker' }>
  | Readonly<{ do: 'pause-broker' | 'resume-broker' | 'lose-leader' | 'elect-leader' }>
  | Readonly<{ do: 'network'; between: 'clients' | 'broker'; as: Conditions | null }>
  | Readonly<{ do: 'rule'; name: string; as: Rule | null }>
/** A rule of the gateway's own fault policy, as its configuration has it. */
export type Rule = { readonly [option: string]: unknown }
export type Fault = Action & Readonly<{ atMs: number }>
/** When it was done, and when that was finished: a member leaves and joins in its time. */
export type Happened = Fault & Readonly<{ begunMs: number; endedMs: number }>

/** Who is there to be troubled; null for what is not in this run. */
export type Cast = Readonly<{
  crew: Pick<Crew, 'freeze' | 'thaw' | 'kill' | 'leave' | 'join' | 'behave'>
  replies: Readonly<{ cut: () => void; heal: () => void }> | null
  broker: BrokerHands | null
  clients?: Pick<Link, 'suffer'> | null // the connections of the clients
  link?: Pick<Link, 'suffer'> | null // those of the gateway to the broker
  rules?: ((name: string, rule: Rule | null) => Promise<void>) | null
}>
/** What can be done to a broker of the laboratory's own. */
export type BrokerHands = Readonly<{
  kill: () => Promise<void>
  start: () => Promise<void>
  pause?: () => Promise<void>
  resume?: () => Promise<void>
  loseLeader?: () => Promise<void>
  electLeader?: () => Promise<void>
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

async function act(action: Action, { crew, replies, broker, ...others }: Cast): Promise<void> {
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
    case 'pause-broker':
      return await there(broker?.pause, 'broker of its own')()
    case 'resume-broker':
      return await there(broker?.resume, 'broker of its own')()
    case 'lose-leader':
      return await there(broker?.loseLeader, 'broker of its own')()
    case 'elect-leader':
      return await there(broker?.electLeader, 'broker of its own')()
    case 'network':
      return there(action.between === 'clients' ? others.clients : others.link, 'proxy there').suffer(action.as)
    case 'rule':
      return await there(others.rules, 'gateway that may be told faults')(action.name, action.as)
  }
}

function there<T>(part: T | null | undefined, name: string): T {
  if (part === null || part === undefined) throw new Error(`This run has no ${name}.`)
  return part
}
