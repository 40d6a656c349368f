/**
 * What a client prefers (RFC 7240), as far as it is understood here: to wait so many seconds, to be answered 202, and to have a
 * URL called in the end (OData 4.01, 8.2.8.2).
 */
export type Preferences = Readonly<{ wait: number | null; respondAsync: boolean; callback: string | null }>

/**
 * The first preference of a name counts; what is unknown or malformed is passed over. One pass, as a header may be 16 KiB of
 * anything.
 */
export function preferencesOf(prefer: string): Preferences {
  let wait: number | null = null
  let waits = false
  let respondAsync = false
  let callback: string | null = null
  for (let at = 0; at < prefer.length;) {
    const end = endOf(prefer, at, ',')
    const parameters = endOf(prefer, at, ';', end)
    const preference = prefer.slice(at, parameters)
    const equals = preference.indexOf('=')
    const name = (equals === -1 ? preference : preference.slice(0, equals)).trim().toLowerCase()
    if (name === 'respond-async') respondAsync = true
    else if (name === 'wait' && equals !== -1 && !waits) {
      waits = true
      wait = secondsOf(preference.slice(equals + 1).trim())
    } else if (name === 'callback') callback ??= urlIn(prefer.slice(parameters + 1, end))
    at = end + 1
  }
  return { wait, respondAsync, callback }
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

/** The parameter `url`, a quoted string; null when there is none. */
function urlIn(parameters: string): string | null {
  const text = parameters.trim()
  const found = /^url\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:;|$)/i.exec(text)
  return found?.[1]?.replaceAll(/\\(.)/g, '$1') ?? null
}

function secondsOf(value: string): number | null {
  const text = value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  if (text.length === 0 || text.length > 9) return null
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x30 || text.charCodeAt(at) > 0x39) return null
  return Number(text)
}
