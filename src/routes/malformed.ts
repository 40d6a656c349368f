import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { after } from '../clock.ts'
import { events } from '../events.ts'
import { Problem } from '../problem.ts'
import { Connection } from './connection.ts'
import { problemBody } from './respond.ts'

const late = 'ERR_HTTP_REQUEST_TIMEOUT'
/** How long a client may go on sending, to find the refusal rather than a reset connection. */
const lingerMs = 1_000

/**
 * What Node's parser or its clock gives up: no request can be made of it, so the answer is written by hand, where one can be
 * written without being taken for the answer to another request.
 */
export const malformed = (urlBytes: number, keepAliveMs: number) => (error: Cause, stream: Duplex) => {
  const socket = stream as Socket
  const connection = Connection.of(socket)
  if (connection.broken) return
  // load balancers open connections before they have a request: such a one is idle, not slow
  if (error.code === late && connection.unstarted) return connection.closeUnstarted(keepAliveMs)
  const problem = problemOf(error, urlBytes)
  if (problem === null || !socket.writable) return void socket.destroy()
  // the body of an open request: it is answered in its own place
  if (connection.open.some(pending => pending.breakOff(problem))) return
  if (!connection.idle) return void socket.destroy()
  connection.broken = true
  socket.end(answer(problem))
  const alarm = after(lingerMs, () => socket.destroy())
  socket.on('close', () => alarm.cancel())
}

function answer(problem: Problem): string {
  const id = randomUUID()
  const { outcome, spec } = problem
  const { status } = spec
  const body = problemBody(id, problem, outcome)
  if (events.finished.hasSubscribers)
    events.finished.publish({
      call: null,
      id,
      route: 'none',
      method: 'none',
      status,
      outcome,
      problem,
      ms: 0,
      clientGone: false,
    })
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\n` +
    `Content-Length: ${body.length}\r\nCache-Control: no-store\r\nSluice-Outcome: ${outcome}\r\nSluice-Call-Id: ${id}\r\n` +
    `X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body.toString()}`
  )
}

type Cause = NodeJS.ErrnoException & Readonly<{ reason?: string; rawPacket?: Buffer }>

/** Null for what is wrong with the connection: it broke, or the client left in the middle of its request. */
function problemOf({ code = '', message, reason = message, rawPacket }: Cause, urlBytes: number): Problem | null {
  if (code === 'HPE_HEADER_OVERFLOW')
    return rawPacket !== undefined && isLongLine(rawPacket, urlBytes)
      ? new Problem('url-too-long', 'The URL is too long.')
      : new Problem('headers-too-large', 'The head of the request is too large.')
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return new Problem('too-large', 'The chunk extensions are too large.')
  if (code === late) return new Problem('request-timeout', 'The request did not arrive in time.')
  return code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE'
    ? new Problem('invalid-request', `This is not HTTP: ${reason}.`)
    : null
}

/** Whether what the parser choked on is a request line: it does not say, and the latest packet is all there is. */
function isLongLine(packet: Buffer, urlBytes: number): boolean {
  if (!/^[A-Z]{3,16} \S*$/.test(packet.toString('latin1', 0, 64))) return false
  const end = packet.indexOf('\r\n')
  return end === -1 || end > urlBytes
}
