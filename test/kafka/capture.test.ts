import { after, before, suite, test } from 'node:test'
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '../../config/load.ts'
import { start } from '../../src/app.ts'
import type { Gateway } from '../../src/app.ts'
import { captureAvailable, startCapture } from '../../tools/connect/capture.ts'
import type { Capture } from '../../tools/connect/capture.ts'
import { client } from '../help/ask.ts'
import type { Ask } from '../help/ask.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { Listener } from '../help/listener.ts'
import { loudly } from '../help/loud.ts'
import { until } from '../help/until.ts'

const example = join(import.meta.dirname, '..', '..', 'examples', 'captured-orders', 'gateway.yaml')
const kafka = useKafka()
const missing = process.env.CI === 'true' ? null : captureAvailable()
if (missing !== null && kafka.skip === false)
  loudly(`WITHOUT POSTGRESQL: changes of a real database are not tested. ${missing}`)
const soonMs = 20_000

suite(
  'changes of a real PostgreSQL, captured by Debezium',
  { skip: kafka.skip || missing !== null, timeout: 300_000 },
  () => {
    const prefix = fresh('shop').replaceAll(/[^a-z0-9]/g, '_')
    const opened: Listener[] = []
    let capture: Capture
    let gateway: Gateway
    let ask: Ask
    const listen = (path: string): Listener => {
      const listener = new Listener(`${gateway.url}${path}`)
      opened.push(listener)
      return listener
    }
    const sql = (text: string): Promise<string> => capture.postgres.sql(text)
    const shown = async (id: number, holds: (row: Record<string, unknown> | null) => boolean) =>
      await until(
        `order ${id} is shown so`,
        async () => {
          const { status, text } = await ask(`/orders/${id}`)
          return holds(status === 200 ? (JSON.parse(text) as Record<string, unknown>) : null)
        },
        soonMs,
      )

    before(async () => {
      capture = await startCapture({ brokers: kafka.brokers })
      await sql(
        'create table orders (id bigint primary key, customer text not null, total numeric(10,2) not null, state text not null, placed timestamp not null default now(), doc jsonb, text text)',
      )
      await sql("insert into orders values (1, 'ada', 12.34, 'placed', '2024-01-01 00:00:00.123456')")
      await capture.capture(prefix, ['public.orders'])
      const source = readFileSync(example, 'utf8').replaceAll('shop.public.orders', `${prefix}.public.orders`)
      const set = ['server.port=0', 'admin.port=0', 'log.level=error', `replies.topic=${fresh('replies')}`]
      const { config, mistakes } = parse(source, example, { env: { KAFKA_BROKERS: kafka.brokers }, set })
      deepEqual(mistakes, [])
      await until(
        'the topic is there',
        async () => (await sql(`select count(*) from pg_replication_slots where active`)) === '1',
        soonMs,
      )
      gateway = await start(config!)
      await gateway.ready
      ;({ ask } = client(gateway.url))
    })
    after(async () => {
      for (const listener of opened) listener.close()
      await gateway?.stop({ delayMs: 0 })
      await capture?.[Symbol.asyncDispose]()
    })

    test('the rows of the snapshot are shown, with their decimals and timestamps', async () => {
      await shown(1, row => row !== null)
      const { id, customer, total, placed } = JSON.parse((await ask('/orders/1')).text) as Record<string, unknown>
      deepEqual([id, customer, total, placed], [1, 'ada', '12.34', '2024-01-01T00:00:00.123456'])
    })

    test('a change is told to clients of the stream, and the view has a new ETag', async () => {
      const etag = (await ask('/orders/1')).headers['etag']
      const listener = await listen('/orders/events?customer=ada').open()
      await sql("update orders set state = 'paid' where id = 1")
      await until('the event has come', () => listener.data.length > 0, soonMs)
      const { iodebeziumop, data } = JSON.parse(listener.data[0]!) as { iodebeziumop: string; data: { state: string } }
      deepEqual([iodebeziumop, data.state], ['u', 'paid'])
      await shown(1, row => row?.['state'] === 'paid')
      notEqual((await ask('/orders/1')).headers['etag'], etag)
    })

    test('a large column that was not touched keeps its value', async () => {
      await sql(
        "insert into orders select 2, 'bob', 1, 'placed', now(), null, string_agg(md5(n::text), '') from generate_series(1, 2000) n",
      )
      await shown(2, row => String(row?.['text']).length === 64_000)
      await sql("update orders set state = 'paid' where id = 2")
      await shown(2, row => row?.['state'] === 'paid')
      equal((JSON.parse((await ask('/orders/2')).text) as { text: string }).text.length, 64_000)
    })

    test('a deleted row is gone, and a changed primary key is another row', async () => {
      const listener = await listen('/orders/changes').open()
      await sql('update orders set id = 9007199254740993 where id = 2')
      await until('the new one is shown', async () => (await ask('/orders/9007199254740993')).status === 200, soonMs)
      await shown(2, row => row === null)
      await sql('delete from orders where id = 9007199254740993')
      await until('it is gone', async () => (await ask('/orders/9007199254740993')).status === 404, soonMs)
      await until('all is told', () => listener.heard.length >= 3, soonMs)
      const told = listener.heard.map(({ event, data }) =>
        event === 'message' ? /"id":(\d+)/.exec(data)?.[1] : `${event} ${data}`,
      )
      deepEqual(new Set(told), new Set(['tombstone 2', '9007199254740993', 'tombstone 9007199254740993']))
      equal(told.length, 3)
    })

    test('a column that is added appears with the next change', async () => {
      await sql("alter table orders add column note text; update orders set note = 'now' where id = 1")
      await shown(1, row => row?.['note'] === 'now')
    })

    test('while Connect restarts nothing is lost, and rows go on in their order', async () => {
      const listener = await listen('/orders/changes').open()
      let written = 0
      const writing = (async () => {
        for (; written < 100; written++)
          await sql(
            `insert into orders values (${100 + (written % 10)}, 'eve', ${written}, 'n${written}') on conflict (id) do update set total = excluded.total, state = excluded.state`,
          )
      })()
      await until('some are written', () => written > 20, soonMs)
      await capture.restartConnect()
      await writing
      for (let last = 90; last < 100; last++) await shown(100 + (last % 10), row => row?.['state'] === `n${last}`)
      const latest = new Map<number, number>()
      const seen = new Set<number>()
      for (const { id, state } of listener.data.map(text => JSON.parse(text) as { id: number; state: string })) {
        const n = Number(state.slice(1))
        // what comes again after a restart is what was told before, from its beginning
        ok(seen.has(n) || n > (latest.get(id) ?? -1), `${n} of ${id} after ${latest.get(id)}`)
        latest.set(id, n)
        seen.add(n)
      }
      equal(seen.size, 100)
    })
  },
)
