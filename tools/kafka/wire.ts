import { connect } from 'node:net'

const metadata = { key: 3, version: 1 } as const

/**
 * Asks the broker on a port who is in its cluster: a real request (Metadata, version 1, no topics) on a plain listener, as a
 * port that accepts connections may still serve nothing. Null while there is no answer.
 */
export function members(host: string, port: number, timeoutMs = 1_000): Promise<readonly number[] | null> {
  const { promise, resolve } = Promise.withResolvers<readonly number[] | null>()
  const socket = connect({ host, port })
  const end = (answer: readonly number[] | null): void => {
    socket.destroy()
    resolve(answer)
  }
  let received = Buffer.alloc(0)
  socket.setTimeout(timeoutMs, () => end(null))
  socket.on('error', () => end(null))
  socket.on('close', () => end(null))
  socket.on('connect', () => socket.write(request()))
  socket.on('data', chunk => {
    received = Buffer.concat([received, chunk])
    if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) end(brokerIds(received))
  })
  return promise
}

function request(): Buffer {
  const frame = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 4)
  frame.writeInt32BE(frame.length - 4, 0)
  frame.writeInt16BE(metadata.key, 4)
  frame.writeInt16BE(metadata.version, 6)
  frame.writeInt32BE(1, 8) // correlation id
  frame.writeInt16BE(-1, 12) // no client id
  frame.writeInt32BE(0, 14) // no topics
  return frame
}

function brokerIds(frame: Buffer): readonly number[] {
  const ids: number[] = []
  let at = 8 // size, correlation id
  const count = frame.readInt32BE(at)
  at += 4
  for (let i = 0; i < count; i++) {
    ids.push(frame.readInt32BE(at))
    at += 4
    at += 2 + frame.readInt16BE(at) // host
    at += 4 // port
    at += 2 + Math.max(0, frame.readInt16BE(at)) // rack
  }
  return ids
}
