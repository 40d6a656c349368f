import { createSocket } from 'node:dgram'
import type { Scope } from './scope.ts'

type Name = Readonly<{
  a?: readonly string[]
  srv?: readonly (readonly [port: number, target: string])[]
  ttl?: number
}>
export type NameServer = Readonly<{ address: string; names: Map<string, Name>; asked: () => number }>

/** A name server on 127.0.0.1 that knows A and SRV records (RFC 1035, RFC 2782); what it does not know is NXDOMAIN. */
export async function nameServer(t: Scope, known: Readonly<Record<string, Name>>): Promise<NameServer> {
  const names = new Map(Object.entries(known))
  let asked = 0
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    asked++
    socket.send(answer(query, names), from.port, from.address)
  })
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  t.after(() => new Promise<void>(resolve => socket.close(() => resolve())))
  return { address: `127.0.0.1:${socket.address().port}`, names, asked: () => asked }
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
  const { a = [], srv = [], ttl = 1 } = name ?? {}
  const data =
    type === 1
      ? a.map(address => Buffer.from(address.split('.').map(Number)))
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
