import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Places } from '../../../src/bridge/feeds/places.ts'

test('who comes when all places are taken waits for his turn', async () => {
  const places = new Places(2)
  const seen: string[] = []
  const come = async (name: string): Promise<Disposable> => {
    const place = await places.take()
    seen.push(name)
    return place
  }
  const [a, b] = [await come('a'), await come('b')]
  const [c, d] = [come('c'), come('d')]
  await Promise.resolve()
  deepEqual(seen, ['a', 'b'])
  a[Symbol.dispose]()
  a[Symbol.dispose]() // once is enough
  await c
  deepEqual(seen, ['a', 'b', 'c'])
  b[Symbol.dispose]()
  await d
  deepEqual(seen, ['a', 'b', 'c', 'd'])
})
