import { jsonText, parseText } from '../../json.ts'
import type { Reviver } from '../../json.ts'

/** A number that JavaScript would round, as it is written. */
export class Digits {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Below so many characters a number and its shortest text say the same. */
const shortest = 16

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || byte === 0x2e)

/** Whether there is a run of so many digits: then one of them stands at every 16th place. */
function hasLong(json: Uint8Array): boolean {
  for (let at = shortest - 1; at < json.length; at += shortest) {
    if (!isDigit(json[at])) continue
    let [from, to] = [at, at + 1]
    while (isDigit(json[from - 1])) from--
    while (isDigit(json[to])) to++
    if (to - from >= shortest) return true
  }
  return false
}

/** Beyond 2^53 a whole number may have the same shortest text as another. */
const isExact = (value: number, source: string): boolean =>
  source.length < shortest || (String(value) === source && (Number.isSafeInteger(value) || !Number.isInteger(value)))

const exact: Reviver = (_name, value, { source = '' }) =>
  typeof value === 'number' && !isExact(value, source) ? new Digits(source) : value

/** As parseJson; a number that would lose digits is Digits. Only a text that may have one is read in that way, which is slow. */
export function parseExact(json: Uint8Array): unknown {
  return parseText(jsonText(json), hasLong(json) ? exact : undefined)
}

/** A decimal number: `unscaled` × 10^−`scale`. */
export type Decimal = Readonly<{ unscaled: bigint; scale: number }>

const pattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,5}))?$/
const mostDigits = 10_000

/** The decimal that a text says, with as few decimals as it needs; null when it is none, or has more than 10,000 digits. */
export function decimalOf(text: string): Decimal | null {
  const [, sign, whole = '', fraction = '', exponent = '0'] = pattern.exec(text) ?? []
  if (sign === undefined) return null
  const digits = `${whole}${fraction}`.replace(/^0+(?=\d)/, '')
  const significant = digits.replace(/0+$/, '') || '0'
  const scale = significant === '0' ? 0 : fraction.length - Number(exponent) - (digits.length - significant.length)
  if (significant.length + Math.abs(scale) > mostDigits) return null
  const value = BigInt(significant) * (scale < 0 ? 10n ** BigInt(-scale) : 1n)
  return { unscaled: sign === '' ? value : -value, scale: Math.max(0, scale) }
}

/** The text of a decimal, with just its scale of decimals. */
export function decimalText({ unscaled, scale }: Decimal): string {
  if (scale === 0) return String(unscaled)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** The whole number that a JSON value says; null when it says none. */
export function wholeOf(value: unknown): number | bigint | null {
  if (Number.isSafeInteger(value)) return value as number
  const decimal = decimalOf(numberText(value) ?? '')
  return decimal === null || decimal.scale > 0 ? null : decimal.unscaled
}

/** The text of a number, exact. */
export const numberText = (value: unknown): string | null =>
  typeof value === 'number' ? String(value) : value instanceof Digits ? value.text : null
