import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { join } from 'node:path'
import { load } from '../../config/load.ts'
import { start } from '../../src/app.ts'
import { client } from '../help/ask.ts'
import { startChild } from '../help/child.ts'
import { folder } from '../help/folder.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const example = join(import.meta.dirname, '..', '..', 'examples', 'account')

test(
  'a worker that is killed comes back with its accounts, from its snapshot and without it',
  { skip: kafka.skip, timeout: 300_000 },
  async t => {
    const env = {
      KAFKA_BROKERS: kafka.brokers,
      ACCOUNTS_COMMANDS: fresh('accounts.commands'),
      ACCOUNTS_EVENTS: fresh('accounts.events'),
    }
    const set = ['server.host=127.0.0.1', 'server.port=0', 'admin.port=0', 'log.level=silent', 'overload.mode=off']
    set.push(`replies.topic=${fresh('gateway.replies')}`)
    const { config, mistakes } = load(join(example, 'gateway.yaml'), { set, env })
    if (config === null) throw new Error(JSON.stringify(mistakes))
    const gateway = await start(config)
    t.after(() => gateway.stop({ delayMs: 0 }))
    await gateway.ready
    using asking = client(gateway.url)
    const file = join(folder(t), 'accounts.db')
    const work = (snapshot: string) =>
      startChild({
        command: [process.execPath, join(example, 'worker.ts')],
        ready: /^Serving \d+ accounts/,
        env: { ...env, ACCOUNTS_SNAPSHOT: snapshot },
      })
    const served = (): Promise<unknown> =>
      until('the worker serves', async () => (await asking.ask('/accounts/none')).status === 404, 60_000)
    const book = async (account: string, what: string, amount: number): Promise<unknown> => {
      const { status, json } = await asking.ask(`/accounts/${account}/${what}`, { body: { amount } })
      return [status, json['balance']]
    }

    const first = await work(file)
    await served()
    deepEqual(await book('a', 'deposits', 10), [201, 10])
    deepEqual(await book('b', 'deposits', 5), [201, 5])
    await first[Symbol.asyncDispose]() // kill -9

    const second = await work(file)
    await served()
    deepEqual(await book('a', 'withdrawals', 7), [201, 3])
    equal(((await book('a', 'withdrawals', 7)) as [number])[0], 409)
    await second[Symbol.asyncDispose]()

    const third = await work(`${file}.other`)
    t.after(() => third[Symbol.asyncDispose]())
    match(third.printed, /Serving 2 accounts/)
    await served()
    deepEqual((await asking.ask('/accounts/a')).json, { account: 'a', balance: 3, bookings: 2 })
  },
)
