const [minute, hour, day] = [60n, 3_600n, 86_400n]

const dateText = /^([+-]\d{6,12}|\d{4})-(\d\d)-(\d\d)$/
const clockText = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/
const momentText = /^(.+)[Tt ]([\d:.]+)([Zz]|[+-]\d\d:\d\d)?$/

/** How many decimals of a second there are: 3, 6 or 9. */
export type Decimals = 3 | 6 | 9

/** Days since 1970-01-01 in the proleptic Gregorian calendar, after Howard Hinnant's days_from_civil. */
function daysOf(year: number, month: number, date: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const ofEra = y - era * 400
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + date - 1
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468
}

/** The date of that day: `2026-11-28`; a year of other than four digits has a sign and six digits or more. */
export function dateOf(days: number): string {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const ofEra = z - era * 146_097
  const years = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * years + Math.floor(years / 4) - Math.floor(years / 100))
  const shifted = Math.floor((5 * ofYear + 2) / 153)
  const date = ofYear - Math.floor((153 * shifted + 2) / 5) + 1
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = years + era * 400 + (month <= 2 ? 1 : 0)
  const shown = year >= 0 && year <= 9_999 ? pad(year, 4) : `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 6)}`
  return `${shown}-${pad(month, 2)}-${pad(date, 2)}`
}

/** Days since the epoch; null when the text is no date. */
export function daysFrom(text: string): number | null {
  const [, year = '', month = '', date = ''] = dateText.exec(text) ?? []
  if (year === '') return null
  const days = daysOf(Number(year), Number(month), Number(date))
  const [same, shown] = [dateText.exec(dateOf(days)), [month, date]]
  return same?.[2] === shown[0] && same?.[3] === shown[1] ? days : null // there is no 30 February
}

/** A time of day, of units since midnight. */
export function clockOf(units: bigint, decimals: Decimals): string {
  const unit = 10n ** BigInt(decimals)
  const [seconds, rest] = [units / unit, units % unit]
  const [h, m, s] = [seconds / hour, (seconds % hour) / minute, seconds % minute]
  return `${pad(h, 2)}:${pad(m, 2)}:${pad(s, 2)}.${pad(rest, decimals)}`
}

/** Units since midnight; null when the text is no time of day, or says more than there are decimals for. */
export function unitsFrom(text: string, decimals: Decimals): bigint | null {
  const [, h = '', m = '', s = '', fraction = ''] = clockText.exec(text) ?? []
  if (h === '' || Number(h) > 23 || Number(m) > 59 || Number(s) > 59) return null
  if (/[1-9]/.test(fraction.slice(decimals))) return null
  const seconds = BigInt(h) * hour + BigInt(m) * minute + BigInt(s)
  return seconds * 10n ** BigInt(decimals) + BigInt(fraction.slice(0, decimals).padEnd(decimals, '0'))
}

/** A moment, of units since the epoch (RFC 3339); a local one has no zone. */
export function momentOf(units: bigint, decimals: Decimals, local: boolean): string {
  const perDay = day * 10n ** BigInt(decimals)
  let days = units / perDay
  let rest = units % perDay
  if (rest < 0n) {
    days -= 1n
    rest += perDay
  }
  return `${dateOf(Number(days))}T${clockOf(rest, decimals)}${local ? '' : 'Z'}`
}

/** Units since the epoch; null when the text is no such moment. */
export function unitsOfMoment(text: string, decimals: Decimals, local: boolean): bigint | null {
  const [, date = '', clock = '', zone] = momentText.exec(text) ?? []
  const [days, units] = [daysFrom(date), unitsFrom(clock, decimals)]
  if (days === null || units === null || local !== (zone === undefined)) return null
  const ofDay = BigInt(days) * day * 10n ** BigInt(decimals) + units
  if (zone === undefined || zone.length === 1) return ofDay
  const [h, m] = [Number(zone.slice(1, 3)), Number(zone.slice(4))]
  if (h > 23 || m > 59) return null
  const shift = (BigInt(h) * hour + BigInt(m) * minute) * 10n ** BigInt(decimals)
  return zone.startsWith('-') ? ofDay + shift : ofDay - shift
}

const pad = (value: number | bigint, digits: number): string => String(value).padStart(digits, '0')
