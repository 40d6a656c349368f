import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { start } from '../../src/app.ts'
import type { Gateway } from '../../src/app.ts'
import { client } from '../help/ask.ts'
import { configOf } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'

const clients = 40
const restarts = Number(process.env['RESTARTS'] ?? 8)
const drain = { delayMs: 300, limitMs: 5_000 }

/** What the clients saw that they should not: by its name, how often. */
type Seen = Record<string, number>

/** One client that asks all the time, on a connection of its own that it keeps for as long as it may. */
async function asking(choose: () => Gateway, over: () => boolean, seen: Seen): Promise<number> {
  let answers = 0
  while (!over()) {
    const { url } = choose()
    using mine = client(url)
    for (let open = true; open && !over();) {
      try {
        const { status, headers, code } = await mine.ask('/orders/o-1')
        answers++
        if (status !== 200) seen[`${status} ${code}`] = (seen[`${status} ${code}`] ?? 0) + 1
        open = headers.connection !== 'close'
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException
        seen[code] = (seen[code] ?? 0) + 1
        open = false
      }
    }
  }
  return answers
}

test('40 clients that ask all the time notice nothing of rolling restarts of two instances', async t => {
  await using broker = new MemoryBroker()
  const begin = async (id: string): Promise<Gateway> => {
    const gateway = await start(configOf({ instance: { id }, drain }), { broker })
    await gateway.ready
    return gateway
  }
  const instances = [await begin('a-0'), await begin('b-0')]
  t.after(() => Promise.all(instances.map(each => each.stop({ delayMs: 0 }))))
  ;(await handWorker(t, broker)).always(command => void command.reply({ status: 200 }))
  let next = 0
  const choose = (): Gateway => {
    const serving = instances.filter(({ stopping }) => !stopping)
    return serving[next++ % serving.length] as Gateway
  }
  let over = false
  const seen: Seen = {}
  const all = Array.from({ length: clients }, () => asking(choose, () => over, seen))
  for (let i = 0; i < restarts; i++) {
    const old = instances[i % 2] as Gateway
    await old.stop()
    instances[i % 2] = await begin(`${'ab'[i % 2]}-${i + 1}`)
  }
  over = true
  const answers = await Promise.all(all)
  deepEqual(seen, {})
  ok(Math.min(...answers) > 0)
})

test('who asks one that stops until it is gone is answered, and then finds nobody', async t => {
  await using broker = new MemoryBroker()
  await using gateway = await start(configOf({ drain }), { broker })
  await gateway.ready
  ;(await handWorker(t, broker)).always(command => void command.reply({ status: 200 }))
  let over = false
  const seen: Seen = {}
  const all = Array.from({ length: clients }, () =>
    asking(
      () => gateway,
      () => over || 'ECONNREFUSED' in seen,
      seen,
    ),
  )
  await gateway.stop()
  over = true
  await Promise.all(all)
  const { ECONNREFUSED: _, ...others } = seen
  deepEqual(others, {})
})
