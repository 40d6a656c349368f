import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Scope } from './scope.ts'

type Name = Readonly<{
  a?: readonly string[]
  aaaa?: readonly string[] // written in full, with all eight groups
  srv?: readonly (readonly [port: number, target: string])[]
  ttl?: number
}>
export type NameServer = Readonly<{ address: string; names: Map<string, Name>; asked: () => number }>

type Answers = (query: Buffer) => Buffer | null
const datagramBytes = 512

/**
 * A name server on 127.0.0.1 that knows A, AAAA and SRV records (RFC 1035, RFC 2782); what it does not know is NXDOMAIN. Long
 * answers are cut off, and whole over a connection. `instead` answers another way; null: not at all.
 */
export async function nameServer(
  t: Scope,
  known: Readonly<Record<string, Name>>,
  instead?: Answers,
): Promise<NameServer> {
  const names = new Map(Object.entries(known))
  const answers: Answers = instead ?? (query => answer(query, names))
  let asked = 0
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    asked++
    const whole = answers(query)
    if (whole !== null) socket.send(whole.length > datagramBytes ? cutOff(query) : whole, from.port, from.address)
  })
  const server = createServer(connection =>
    connection.on('data', (query: Buffer) => {
      const whole = answers(query.subarray(2)) ?? Buffer.alloc(0)
      connection.write(Buffer.concat([Buffer.from([whole.length >> 8, whole.length & 255]), whole]))
    }),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  t.after(() => void server.close())
  await new Promise<void>(resolve => socket.bind(port, '127.0.0.1', resolve))
  t.after(() => new Promise<void>(resolve => socket.close(() => resolve())))
  return { address: `127.0.0.1:${socket.address().port}`, names, asked: () => asked }
}

/** The question, with the bit that says that the answer is longer. */
function cutOff(query: Buffer): Buffer {
  const cut = Buffer.from(query)
  cut[2] = 0x83
  cut[3] = 0x80
  return cut
}

function answer(query: Buffer, names: ReadonlyMap<string, Name>): Buffer {
  let at = 12
  const labels: string[] = []
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = query.readUInt16BE(at + 1)
  const name = names.get(labels.join('.'))
  const { a = [], aaaa = [], srv = [], ttl = 1 } = name ?? {}
  const data =
    type === 1
      ? a.map(address => Buffer.from(address.split('.').map(Number)))
      : type === 28
        ? aaaa.map(address =>
            Buffer.from(address.split(':').flatMap(group => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255])),
          )
        : type === 33
          ? srv.map(([port, target]) =>
              Buffer.concat([Buffer.from([0, 1, 0, 1, port >> 8, port & 255]), encoded(target)]),
            )
          : []
  const header = Buffer.from([
    query[0]!,
    query[1]!,
    0x81,
    name === undefined ? 0x83 : 0x80,
    0,
    1,
    0,
    data.length,
    0,
    0,
    0,
    0,
  ])
  const records = data.map(bytes => {
    const head = Buffer.alloc(12)
    head.writeUInt16BE(0xc00c, 0) // the name that was asked for
    head.writeUInt16BE(type, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt32BE(ttl, 6)
    head.writeUInt16BE(bytes.length, 10)
    return Buffer.concat([head, bytes])
  })
  return Buffer.concat([header, query.subarray(12, at + 5), ...records])
}

const encoded = (name: string): Buffer =>
  Buffer.concat([...name.split('.').map(label => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])])
