import { Aborter } from '../../aborter.ts'
import type { Service } from '../../call.ts'
import { events } from '../../events.ts'
import type { Acknowledged, Broker, Header, Incoming, Outgoing } from '../broker.ts'

/** A command whose reply came when nobody waited for it any more. */
export type Missed = Readonly<{ command: string; key: Uint8Array | null; lateMs: number }>
/** Forwards a late reply. Never throws: what cannot be forwarded is told as a warning. */
export type Forward = (record: Incoming, missed: Missed) => void

/** Forwards late replies to a topic as they came, keyed as their command, with its identity and how late they are. */
export function forwarding(
  {
    publish,
    partitionFor,
  }: Readonly<{ publish: Service<Outgoing, Acknowledged>; partitionFor: Broker['partitionFor'] }>,
  topic: string,
): Forward {
  const send = async ({ value, headers }: Incoming, { command, key, lateMs }: Missed): Promise<void> => {
    const own: readonly Header[] = [
      ['ce_id', Buffer.from(command)],
      ['sluice-late-ms', Buffer.from(String(Math.round(lateMs)))],
    ]
    const partition = partitionFor(topic, key)
    await publish({ topic, partition, key, value, headers: [...own, ...headers], acks: 'all', signal: new Aborter() })
  }
  return (record, missed) => {
    send(record, missed).catch((cause: unknown) =>
      events.warning.publish({ what: `A late reply was not forwarded to ${topic}.`, cause }),
    )
  }
}
