import type { ServerOptions } from '../../config/schema/index.ts'
import { Problem } from '../problem.ts'
import type { Inbound } from './inbound.ts'
import { originForm, targetFlaw } from './target.ts'

type Limits = ServerOptions['limits']

/**
 * What is wrong with the head of a request, whatever its route; null when nothing is. Node has already refused what its parser
 * calls malformed; it lets pass two hosts and any number of headers, of which it would show the first 2,000.
 */
export function headProblem(req: Inbound, limits: Limits, slashes = false): Problem | null {
  const { rawHeaders, httpVersionMinor } = req
  if (rawHeaders.length > limits.headers * 2)
    return new Problem('headers-too-large', `The request has more than ${limits.headers} headers.`)
  let bytes = 0
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    bytes += name.length + (rawHeaders[at + 1] as string).length + 4 // a colon, a space, the end of the line
    if (name.length === 4 && (name === 'Host' || name.toLowerCase() === 'host')) hosts++
  }
  if (bytes > limits.headerBytes)
    return new Problem('headers-too-large', `The headers are larger than ${limits.headerBytes} bytes.`)
  if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0)) return invalid(`The request has ${hosts} Host headers.`)
  const { headers } = req
  const coding = headers['transfer-encoding']
  // RFC 9112, 6.1: what is coded otherwise, or by an old client, was put together to be read differently by two readers
  if (coding !== undefined && (httpVersionMinor === 0 || coding.toLowerCase() !== 'chunked'))
    return invalid('No Transfer-Encoding but chunked, and that from HTTP/1.1 on.')
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
    return invalid('Nothing but 100-continue can be expected.')
  const { url = '' } = req
  if (url.length > limits.urlBytes)
    return new Problem('url-too-long', `The URL is longer than ${limits.urlBytes} bytes.`)
  if (!url.startsWith('/')) req.url = originForm(url)
  const flaw = targetFlaw(req.url ?? '', slashes)
  return flaw === null ? null : invalid(flaw)
}

const invalid = (detail: string): Problem => new Problem('invalid-request', detail)
