import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { websocket } from '../../../src/routes/streams/websocket.ts'

test('the length of a frame is said in one, three or nine bytes', () => {
  const told = (length: number) =>
    websocket.record({
      id: '',
      topic: 't',
      partition: 0,
      offset: 0n,
      time: 0 as never,
      key: null,
      headers: [],
      kind: 'json',
      text: ' '.repeat(length - '{"id":"","data":}'.length),
    })
  for (const [length, head] of [
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 255, 255]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ] as const) {
    const bytes = told(length)
    deepEqual([...bytes.subarray(0, head.length)], head)
    equal(bytes.length, head.length + length)
  }
})

test('the last words end with a close frame that says why', () => {
  deepEqual([...websocket.lagging().subarray(-4)], [0x88, 2, 0x03, 0xf5])
  deepEqual([...websocket.end(null).subarray(-4)], [0x88, 2, 0x03, 0xe8])
  deepEqual([...websocket.end(100).subarray(-4)], [0x88, 2, 0x03, 0xe9])
})
