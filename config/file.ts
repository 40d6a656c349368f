import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'

const mostBytes = 4_194_304
/** The text of a file, or why there is none, to follow its name. */
export type Contents = Readonly<{ text: string; trouble: null } | { text: null; trouble: string }>

const none = (trouble: string): Contents => ({ text: null, trouble })
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  EISDIR: 'is a directory, expected a file',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not text in UTF-8',
}

/** Reads a text of at most 4 MiB; a pipe will do. Never throws. */
export function contentsOf(file: string): Contents {
  let descriptor: number | null = null
  try {
    descriptor = openSync(file, 'r')
    const stat = fstatSync(descriptor)
    if (stat.isDirectory()) return none('is a directory, expected a file')
    if (!stat.isFile() && !stat.isFIFO()) return none('is a device, expected a file')
    if (stat.size > mostBytes) return none('is larger than 4 MiB')
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(descriptor)), trouble: null }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return none(reasons[code] ?? `cannot be read (${code})`)
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}
