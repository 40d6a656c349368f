/**
 * The seconds of the preference `wait`, or null. The first one counts; what is unknown or malformed is passed over (RFC 7240).
 * One pass, as a header may be 16 KiB of anything.
 */
export function waitOf(prefer: string): number | null {
  for (let at = 0; at < prefer.length;) {
    const end = endOf(prefer, at, ',')
    const preference = prefer.slice(at, endOf(prefer, at, ';', end))
    const equals = preference.indexOf('=')
    if (equals !== -1 && preference.slice(0, equals).trim().toLowerCase() === 'wait')
      return secondsOf(preference.slice(equals + 1).trim())
    at = end + 1
  }
  return null
}

/** Where the separator next stands outside of quotes, else the end. */
function endOf(text: string, from: number, separator: string, end = text.length): number {
  let quoted = false
  for (let at = from; at < end; at++) {
    const char = text[at]
    if (char === '"') quoted = !quoted
    else if (quoted && char === '\\') at++
    else if (!quoted && char === separator) return at
  }
  return end
}

function secondsOf(value: string): number | null {
  const text = value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  if (text.length === 0 || text.length > 9) return null
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x30 || text.charCodeAt(at) > 0x39) return null
  return Number(text)
}
