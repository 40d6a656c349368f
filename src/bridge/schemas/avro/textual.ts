import { wholeOf } from '../numbers.ts'
import type { Sink } from './bytes.ts'
import { bytesFrom, decimalBytes, isUuid, uuidBytes } from './logical.ts'
import type { Node } from './model.ts'
import { daysFrom, unitsFrom, unitsOfMoment } from './time.ts'

export type Textual = Extract<Node, { kind: 'bytes' | 'fixed' | 'decimal' | 'uuid' | 'date' | 'clock' | 'moment' }>

/** Writes what the value says, or returns false. */
export type Conversion = Readonly<{ expected: string; convert: (value: unknown, sink: Sink) => boolean }>

/** How a type that is told as text is written. */
export function conversionOf(node: Textual): Conversion {
  const sized = (expected: string, size: number | null, bytesOf: (value: unknown) => Buffer | null): Conversion => ({
    expected,
    convert: (value, sink) => {
      const bytes = bytesOf(value)
      if (bytes === null || (size !== null && bytes.length !== size)) return false
      if (size === null) sink.long(bytes.length)
      sink.bytes(bytes)
      return true
    },
  })
  const unit = (expected: string, bits: 32 | 64, unitsOf: (text: string) => number | bigint | null): Conversion => ({
    expected,
    convert: (value, sink) => {
      const units = typeof value === 'string' ? unitsOf(value) : wholeOf(value)
      if (units === null || BigInt.asIntN(bits, BigInt(units)) !== BigInt(units)) return false
      sink.bigint(BigInt(units))
      return true
    },
  })
  const fromText = (value: unknown): Buffer | null => (typeof value === 'string' ? bytesFrom(value) : null)
  switch (node.kind) {
    case 'bytes':
      return sized('must be base64', null, fromText)
    case 'fixed':
      return sized(`must be base64 of ${node.size} bytes`, node.size, fromText)
    case 'decimal': {
      const { precision, scale, size } = node
      const expected = `must be a decimal of at most ${precision} digits, ${scale} of them after the point`
      return sized(expected, size, value => decimalBytes(value, precision, scale, size))
    }
    case 'uuid': {
      const { size } = node
      const bytesOf = (text: string): Buffer => (size === null ? Buffer.from(text) : uuidBytes(text))
      return sized('must be a UUID', size, value =>
        typeof value === 'string' && isUuid(value) ? bytesOf(value) : null,
      )
    }
    case 'date':
      return unit('must be a date, such as 2026-11-28', 32, daysFrom)
    case 'clock':
      return unit('must be a time of day, such as 12:30:00.000', node.decimals === 3 ? 32 : 64, text =>
        unitsFrom(text, node.decimals),
      )
    case 'moment':
    default: {
      const example = node.local ? '2026-11-28T12:30:00' : '2026-11-28T12:30:00Z'
      const expected = `must be a time, such as ${example}, with at most ${node.decimals} decimals`
      return unit(expected, 64, text => unitsOfMoment(text, node.decimals, node.local))
    }
  }
}
