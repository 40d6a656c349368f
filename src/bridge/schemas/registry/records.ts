import type { Signal } from '../../../aborter.ts'
import { pause } from '../../../clock.ts'
import { Problem } from '../../../problem.ts'
import type { Incoming } from '../../broker.ts'
import type { Ready } from '../../readied.ts'
import type { ReadBytes } from '../reading.ts'
import { Unusable } from './client.ts'
import type { Id } from './client.ts'
import { framedOf, readFramed } from './frame.ts'
import type { Framing, Part } from './frame.ts'
import type { Registry } from './registry.ts'

/** What of the records of a topic carries the id of its schema, and how. */
export type Carried = Readonly<{ topic: string; of: Part; framing: Framing }>

/** Reads what carries the id of its schema, which has been looked for. */
export const readingBy =
  (registry: Registry, framing: Framing, of: Part): ReadBytes =>
  (value, headers) => {
    const framed = framedOf({ headers, value }, framing, of)
    if (framed === null) throw new Error('it carries no id of a schema')
    const known = registry.known(framed.id)
    if (known === null) throw registry.problemOf(framed.id)
    return readFramed(framed, known.codec)
  }

/** Makes what a record waits for: that the schemas of its ids are known, or that the registry has none of that id. */
export function readyBy(registry: Registry, all: readonly Carried[]): Ready {
  const byTopic = Map.groupBy(all, ({ topic }) => topic)
  return (record, stop) => {
    const unknown = (byTopic.get(record.topic) ?? []).flatMap(carried => {
      const id = idOf(record, carried)
      return id === null || registry.known(id) !== null || registry.lacks(id) ? [] : [id]
    })
    return unknown.length === 0 ? null : known(registry, unknown, stop)
  }
}

const idOf = ({ key, value, headers }: Incoming, { of, framing }: Carried): Id | null =>
  framedOf({ headers, value: of === 'key' ? key : value }, framing, of)?.id ?? null

/** As long as the registry cannot tell, it is asked again. */
async function known(registry: Registry, ids: readonly Id[], stop: Signal): Promise<void> {
  for (const id of ids)
    for (let asks = true; asks && !stop.aborted;)
      try {
        await registry.byId(id)
        asks = false
      } catch (error) {
        const { cause, retryAfterMs = registry.options.retryMs } = Problem.from(error)
        asks = !(cause instanceof Unusable)
        if (asks) await pause(retryAfterMs, stop)
      }
}
