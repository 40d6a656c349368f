import { parseTime, wallClock } from './clock.ts'

/** How many ms a `Retry-After` asks to wait: whole seconds, or a date (RFC 9110, 10.2.3). Null when it says neither. */
export function retryAfterOf(field: string | readonly string[] | undefined): number | null {
  const text = (typeof field === 'string' ? field : field?.[0])?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const time = /^[A-Z][a-z]{2}/.test(text) ? parseTime(text) : null
  return time === null ? null : Math.max(0, time - wallClock())
}
