const slash = 0x2f
const backslash = 0x5c
const percent = 0x25
const question = 0x3f
const hash = 0x23
const dot = 0x2e

const unprintable = (code: number): boolean => code <= 0x20 || code >= 0x7f
/** The value of a hexadecimal digit; −1 for anything else, the end of the text included. */
const hex = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/**
 * Why a request target cannot be routed safely, or null. It looks at the raw text, in one pass: a router decodes, and then
 * `..%2f` has become a parameter that leaves its place. With `slashes` an encoded slash ends a segment as a plain one does.
 */
export function targetFlaw(url: string, slashes = false): string | null {
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
      const high = hex(url.charCodeAt(at + 1))
      const low = hex(url.charCodeAt(at + 2))
      if (high < 0 || low < 0) return 'The path has a percent sign without two hexadecimal digits.'
      code = high * 16 + low
      if (code === backslash || (code === slash && !slashes)) return encodedSlash
      if (code < 0x20 || code === 0x7f) return 'The path has an encoded control character.'
      at += 2
      if (code === slash) {
        if (dots === 1 || dots === 2) return 'The path has a segment of dots.'
        dots = 0
        continue
      }
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

export const encodedSlash = 'The path has an encoded slash or backslash.'

/** Whether the path holds an encoded slash. */
export function hasEncodedSlash(url: string): boolean {
  const end = url.indexOf('?')
  return /%2f/i.test(end === -1 ? url : url.slice(0, end))
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
