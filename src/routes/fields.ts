import type { ServerOptions } from '../../config/schema/index.ts'

/** The headers of every answer, as the configuration has them; a flat list, null where there are none. */
export function fieldsOf({ headers, tls }: ServerOptions): readonly string[] | null {
  const seconds = Math.floor((tls?.hstsMs ?? 0) / 1_000)
  const fields = Object.entries(headers).flat()
  if (seconds > 0) fields.push('Strict-Transport-Security', `max-age=${seconds}`)
  return fields.length === 0 ? null : fields
}
