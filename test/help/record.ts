import type { Headers, Incoming } from '../../src/bridge/broker.ts'

export const bytes = (text: string): Buffer => Buffer.from(text)
export const header = (headers: Headers, name: string): string | undefined => {
  const found = headers.find(([other]) => other === name)
  return found === undefined ? undefined : Buffer.from(found[1]).toString()
}
export const pairs = (headers: Readonly<Record<string, string | Uint8Array>>): Headers =>
  Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? bytes(value) : value] as const)

export const aRecord = (over: Partial<Incoming> = {}): Incoming => ({
  topic: 'gateway.replies',
  partition: 0,
  offset: 0n,
  timestamp: 0,
  key: null,
  value: bytes('{}'),
  headers: [],
  ...over,
})
