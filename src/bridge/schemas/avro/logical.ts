import { decimalOf, decimalText, numberText } from '../numbers.ts'

/** The bytes of a decimal, two's complement; null when it has more decimals or digits than that. */
export function decimalBytes(value: unknown, precision: number, scale: number, size: number | null): Buffer | null {
  const decimal = decimalOf(typeof value === 'string' ? value : (numberText(value) ?? ''))
  if (decimal === null || decimal.scale > scale) return null
  const unscaled = decimal.unscaled * 10n ** BigInt(scale - decimal.scale)
  if (String(unscaled).replace('-', '').length > precision) return null
  const least = (unscaled < 0n ? -unscaled - 1n : unscaled).toString(2).length + 1
  const length = size ?? Math.ceil(least / 8)
  if (length * 8 < least) return null
  return Buffer.from(
    BigInt.asUintN(length * 8, unscaled)
      .toString(16)
      .padStart(length * 2, '0'),
    'hex',
  )
}

export function decimalFrom(bytes: Buffer, scale: number): string {
  const unscaled = bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
  return decimalText({ unscaled, scale })
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** The bytes that a text says in base64; null when it says none. */
export const bytesFrom = (text: string): Buffer | null => (base64.test(text) ? Buffer.from(text, 'base64') : null)

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => uuid.test(text)

export const uuidBytes = (text: string): Buffer => Buffer.from(text.replaceAll('-', ''), 'hex')

export const uuidFrom = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
