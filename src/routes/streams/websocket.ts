import type { Format } from '../../feed.ts'
import { messages } from './ndjson.ts'

const textOpcode = 0x81 // the only frame of its message
const closeOpcode = 0x88
/** Why a connection is closed (RFC 6455, 7.4.1, and IANA's registry). */
const codes = { done: 1_000, goingAway: 1_001, tryAgain: 1_013 } as const

/** A frame of a server, which is not masked (RFC 6455, 5.2). */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = opcode
  if (length < 126) head[1] = length
  else if (length < 65_536) {
    head[1] = 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 127
    head.writeUInt32BE(length, 6) // no record is longer than 4 GiB
  }
  return Buffer.concat([head, payload])
}

const message = (text: string): Buffer => frame(textOpcode, Buffer.from(text))

function close(code: number): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return frame(closeOpcode, payload)
}

/** A message for each record, in frames that are written once for all clients: a library would make them anew for each. */
export const websocket: Format = {
  name: 'websocket',
  record: told => message(messages.record(told)),
  gap: gap => message(messages.gap(gap)),
  beat: id => message(messages.beat(id)),
  lagging: () => Buffer.concat([message(messages.lagging()), close(codes.tryAgain)]),
  end: retryMs =>
    Buffer.concat([message(messages.end(retryMs)), close(retryMs === null ? codes.done : codes.goingAway)]),
}
