import type { Broker, Header, Incoming, MemberHandler, Membership } from '../../src/bridge/broker.ts'

const shifted = ([name, value]: Header, ms: number): Header => {
  const said = Buffer.from(value).toString()
  if (name === 'sluice-expires') return [name, Buffer.from(String(Number(said) - ms))]
  if (name === 'ce_time') return [name, Buffer.from(new Date(Date.parse(said) - ms).toISOString())]
  return [name, value]
}

/** What a gateway whose clock is `aheadMs` behind that of the worker would have written. */
export const asSeenAhead = (record: Incoming, aheadMs: number): Incoming => ({
  ...record,
  timestamp: record.timestamp - aheadMs,
  headers: record.headers.map(header => shifted(header, aheadMs)),
})

/** The same broker for a worker whose clock is `aheadMs()` ahead of the gateway's. */
export function skewed(broker: Broker, aheadMs: () => number): Broker {
  const join = async (membership: Membership, handler: MemberHandler): Promise<AsyncDisposable> =>
    await broker.join(membership, (record, held) => handler(asSeenAhead(record, aheadMs()), held))
  return new Proxy(broker, {
    get: (target, name) => {
      const value: unknown = name === 'join' ? join : Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
