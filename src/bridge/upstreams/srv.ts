import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import type { Signal } from '../../aborter.ts'
import { after } from '../../clock.ts'

/** What an SRV record says (RFC 2782), and for how many seconds. */
export type Service = Readonly<{ priority: number; port: number; host: string; ttl: number }>
export type SrvOptions = Readonly<{
  servers: readonly string[] // as dns.getServers() tells them
  timeoutMs: number // for the answer of one
  signal: Signal
}>

const [typeCname, typeSrv, classIn] = [5, 33, 1] as const
const [recursionDesired, truncated, noSuchName] = [0x0100, 0x0200, 3] as const

/**
 * Asks for SRV records with their time to live, which node:dns does not tell: one server after the other, twice, by datagram, and
 * by a connection when the answer does not fit (RFC 1035). Throws with a code as node:dns does.
 */
export async function services(name: string, options: SrvOptions): Promise<readonly Service[]> {
  const question = questionOf(name)
  let last: unknown = failure('ENODATA', name)
  for (const server of [...options.servers, ...options.servers])
    try {
      const short = await byDatagram(question, server, options)
      const whole = (short.readUInt16BE(2) & truncated) === 0 ? short : await byConnection(question, server, options)
      return read(whole, name)
    } catch (error) {
      last = error
      if (options.signal.aborted || (error as NodeJS.ErrnoException).code === 'ENOTFOUND') break
    }
  throw last
}

function questionOf(name: string): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(randomInt(65_536), 0)
  head.writeUInt16BE(recursionDesired, 2)
  head.writeUInt16BE(1, 4) // one question
  const labels = name
    .replace(/\.$/, '')
    .split('.')
    .flatMap(label => [Buffer.from([label.length]), Buffer.from(label, 'latin1')])
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, typeSrv, 0, classIn])])
}

/** The records of an answer. A service that is `.` is none. */
function read(answer: Buffer, name: string): readonly Service[] {
  const code = answer.readUInt16BE(2) & 15
  if (code !== 0) throw failure(code === noSuchName ? 'ENOTFOUND' : 'ESERVFAIL', name)
  let at = nameAt(answer, 12).end + 4 // behind the question
  let aliasTtl = Infinity
  const found: Service[] = []
  for (let left = answer.readUInt16BE(6); left > 0; left--) {
    at = nameAt(answer, at).end
    const [type, ttl, length] = [answer.readUInt16BE(at), answer.readUInt32BE(at + 4), answer.readUInt16BE(at + 8)]
    at += 10
    if (type === typeCname) aliasTtl = Math.min(aliasTtl, ttl)
    else if (type === typeSrv) {
      const { name: host } = nameAt(answer, at + 6)
      const [priority, port] = [answer.readUInt16BE(at), answer.readUInt16BE(at + 4)]
      if (host !== '') found.push({ priority, port, host, ttl: Math.min(ttl, aliasTtl) })
    }
    at += length
  }
  if (found.length === 0) throw failure('ENODATA', name)
  return found
}

/** A name, which may go on at another place, and where what is behind it begins. */
function nameAt(answer: Buffer, start: number): Readonly<{ name: string; end: number }> {
  const labels: string[] = []
  let [at, end] = [start, -1]
  for (let length = answer.readUInt8(at); length > 0; length = answer.readUInt8(at))
    if (length < 64) {
      labels.push(answer.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    } else {
      if (end === -1) end = at + 2
      const earlier = answer.readUInt16BE(at) & 0x3fff
      if (earlier >= at || labels.length > 127) throw failure('EBADRESP', labels.join('.'))
      at = earlier
    }
  return { name: labels.join('.'), end: end === -1 ? at + 1 : end }
}

function byDatagram(question: Buffer, server: string, options: SrvOptions): Promise<Buffer> {
  const { host, port } = placeOf(server)
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  return bounded(options, server, (resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', answer => {
      const isAnswer = answer.length >= 12 && answer.readUInt16BE(0) === question.readUInt16BE(0)
      if (isAnswer) resolve(answer) // anything else is somebody else's, or late
    })
    // connected, so that it hears this server alone
    socket.connect(port, host, () => socket.send(question))
    return () => socket.close()
  })
}

/** Over a connection each message has its length before it. */
function byConnection(question: Buffer, server: string, options: SrvOptions): Promise<Buffer> {
  const socket = connect(placeOf(server))
  return bounded(options, server, (resolve, reject) => {
    let got = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('close', () => reject(failure('ECONNREFUSED', server)))
    socket.on('data', chunk => {
      got = Buffer.concat([got, chunk])
      if (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) resolve(got.subarray(2, 2 + got.readUInt16BE(0)))
    })
    socket.write(Buffer.concat([Buffer.from([question.length >> 8, question.length & 255]), question]))
    return () => socket.destroy()
  })
}

type Begun = (resolve: (answer: Buffer) => void, reject: (error: Error) => void) => () => void

/** Ends with the answer, at the time limit, or when nobody wants it any more; then `begin`'s own end is called. */
async function bounded({ timeoutMs, signal }: SrvOptions, server: string, begin: Begun): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const leave = (): void => reject(failure('ECANCELLED', server))
  const end = begin(resolve, reject)
  using _alarm = after(timeoutMs, () => reject(failure('ETIMEOUT', server)))
  signal.addEventListener('abort', leave)
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', leave)
    end()
  }
}

/** `1.2.3.4`, `1.2.3.4:53`, `::1` or `[::1]:53`. */
function placeOf(server: string): Readonly<{ host: string; port: number }> {
  const [, host = server, port = '53'] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIPv6(server) ? `[${server}]` : server) ?? []
  return { host, port: Number(port) }
}

const failure = (code: string, what: string): Error => Object.assign(new Error(`querySrv ${code} ${what}`), { code })
