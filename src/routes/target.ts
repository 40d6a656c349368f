const slash = 0x2f
const backslash = 0x5c
const percent = 0x25
const question = 0x3f
const hash = 0x23
const dot = 0x2e

const unprintable = (code: number): boolean => code <= 0x20 || code >= 0x7f
const hex = (code: number): number =>
  code >= 0x30 && code <= 0x39
    ? code - 0x30
    : (code | 0x20) >= 0x61 && (code | 0x20) <= 0x66
      ? (code | 0x20) - 0x57
      : -16

/**
 * Why a request target cannot be routed safely, or null. It looks at the raw text, in one pass: a router decodes, and then
 * `..%2f` has become a parameter that leaves its place.
 */
export function targetFlaw(url: string): string | null {
  if (url.charCodeAt(0) !== slash) return 'The request target is no path.'
  const { length } = url
  let dots = 0 // how many the segment has; −1 once it has anything else
  let at = 0
  for (; at < length; at++) {
    let code = url.charCodeAt(at)
    if (code === question) break
    if (code === slash) {
      if (dots === 1 || dots === 2) return 'The path has a segment of dots.'
      dots = 0
      continue
    }
    if (code === percent) {
      code = hex(url.charCodeAt(at + 1)) * 16 + hex(url.charCodeAt(at + 2))
      if (!(code >= 0)) return 'The path has a percent sign without two hexadecimal digits.'
      if (code === slash || code === backslash) return 'The path has an encoded slash or backslash.'
      if (code < 0x20 || code === 0x7f) return 'The path has an encoded control character.'
      at += 2
    } else if (unprintable(code) || code === backslash || code === hash)
      return 'The path has a character that must be encoded.'
    dots = code === dot && dots >= 0 ? dots + 1 : -1
  }
  if (dots === 1 || dots === 2) return 'The path has a segment of dots.'
  for (; at < length; at++) {
    const code = url.charCodeAt(at)
    if (unprintable(code) || code === hash) return 'The query has a character that must be encoded.'
  }
  return null
}

/** The path and query of an absolute target (`GET http://host/path`), which a server must take; any other as it is. */
export function originForm(url: string): string {
  if (!/^https?:\/\//i.test(url)) return url
  const start = url.indexOf('//') + 2
  for (let at = start; at < url.length; at++) {
    const code = url.charCodeAt(at)
    if (code === slash) return url.slice(at)
    if (code === question) return `/${url.slice(at)}`
  }
  return '/'
}
