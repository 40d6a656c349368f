import { isUtf8 } from 'node:buffer'
import type { Incoming } from '../../bridge/broker.ts'
import { header } from './record.ts'

/** What the log has decided of a key. `version` is the offset of its latest record that counts, −1 before the first. */
export type Standing = Readonly<{ version: number; ids: readonly string[] }>

export const expectedName = 'sluice-expected'
export const decisionName = 'sluice-decision'

/** Decisions of a key that are remembered: one that comes again counts once. */
const remembered = 16

export const before: Standing = { version: -1, ids: [] }

/**
 * How a record changes the standing of its key; null: it does not count. The log decides: of records that expect the same version the
 * first in offset order counts, and all readers see the same. A record that expects nothing, of a writer that reads no state,
 * always counts.
 */
export function judged(standing: Standing, { headers, offset }: Pick<Incoming, 'headers' | 'offset'>): Standing | null {
  const expected = header(headers, expectedName)
  const id = header(headers, decisionName) ?? header(headers, 'ce_id')
  if (expected !== null && Number(expected) !== standing.version) return null
  if (id !== null && standing.ids.includes(id)) return null
  return { version: Number(offset), ids: id === null ? standing.ids : [...standing.ids, id].slice(-remembered) }
}

/** The key of a record as text; null where it has none that is. */
export const keyOf = ({ key }: Pick<Incoming, 'key'>): string | null =>
  key === null || !isUtf8(key) ? null : Buffer.from(key.buffer, key.byteOffset, key.length).toString()
