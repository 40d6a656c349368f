import { STATUS_CODES } from 'node:http'
import type { Reply } from '../../call.ts'

/**
 * Turns the error header of a framework into a problem. The header is a text, or JSON with a `message`. A `status` or
 * `statusCode` from 400 to 599 in the JSON becomes the status; otherwise it is 500.
 */
export function failureReply(said: string): Reply {
  const { message, ...numbers } = membersOf(said)
  const code = [numbers['status'], numbers['statusCode']].find(isFailure) ?? 500
  const detail = typeof message === 'string' ? message : said
  const problem = { type: 'about:blank', title: STATUS_CODES[code] ?? 'Failed', status: code, detail }
  return {
    status: code,
    headers: [['content-type', 'application/problem+json']],
    body: Buffer.from(JSON.stringify(problem)),
  }
}

const isFailure = (code: unknown): code is number =>
  typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599

function membersOf(said: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(said)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
