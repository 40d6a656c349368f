import { Aborter } from '../../src/aborter.ts'
import type { Call, CallId, CommandId, Reply } from '../../src/call.ts'
import { unsent } from '../../src/call.ts'
import { later, now } from '../../src/clock.ts'

export const aCall = ({ aborter = new Aborter(), ...over }: Partial<Call> = {}): Call => ({
  id: 'call-1' as CallId,
  command: 'command-1' as CommandId,
  route: 'place-order',
  worker: 'orders',
  client: '::1',
  priority: 'normal',
  topic: 'orders.commands',
  key: null,
  partition: 0,
  body: new Uint8Array(),
  told: { method: 'POST', path: '/orders', query: '', params: [], headers: [], contentType: null, trace: [] },
  started: now(),
  deadline: later(5_000),
  expires: later(5_000),
  accepts: null,
  repeat: null,
  signal: aborter.signal,
  aborter,
  progress: unsent(),
  fault: null,
  ...over,
})
export const anAnswer: Reply = { status: 200, headers: [], body: new Uint8Array() }
