import type { Header } from '../broker.ts'

export const text = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
export const bytes = (value: string): Uint8Array => Buffer.from(value)
export const constant = (name: string, value: string): Header => [name, bytes(value)]

/** In a command: which sending of it this is. */
export const attempt = 'sluice-attempt'
/** In a command: what its client has seen, and wants the answer to show. */
export const position = 'sluice-position'
/** In a reply: its HTTP status, in all dialects. */
export const status = 'sluice-status'
/** In a reply: `no` asks that the command is not sent again, whatever the status. The same in all dialects. */
export const repetition = 'sluice-retry'
