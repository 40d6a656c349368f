import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { request, Agent } from 'undici'
import { admitting } from '../../../src/bridge/deliver/addresses.ts'
import { connector } from '../../../src/bridge/deliver/connect.ts'
import { aReceiver } from '../../help/receiver.ts'

const agentOf = (allowed: readonly string[], answers: readonly string[] = []): Agent => {
  let asked = 0
  const connect = connector(admitting(allowed), {
    timeoutMs: 1_000,
    resolve: (_name, done) =>
      done(null, [{ address: answers[Math.min(asked++, answers.length - 1)] ?? '127.0.0.1', family: 4 }]),
  })
  return new Agent({ connect })
}
const codeOf = (url: string, dispatcher: Agent): Promise<string> =>
  request(url, { dispatcher }).then(
    () => 'reached',
    (error: { code?: string }) => String(error.code),
  )

test('a host that is an address is refused before anything is connected, in any spelling that URLs know', async t => {
  const receiver = await aReceiver(t)
  const { port } = new URL(receiver.url)
  const dispatcher = agentOf([])
  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '127.1', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'])
    equal(await codeOf(`http://${host}:${port}/`, dispatcher), 'FORBIDDEN_ADDRESS', host)
  equal(receiver.got.length, 0)
})

test('what a name resolves to for this very connection decides: rebinding gains nothing', async t => {
  const receiver = await aReceiver(t)
  const { port } = new URL(receiver.url)
  const url = `http://hooks.example:${port}/`
  // allowed when it was first looked up, and inside when it is connected to
  const dispatcher = agentOf(['127.0.0.1'], ['127.0.0.1', '127.0.0.2'])
  equal(await codeOf(url, dispatcher), 'reached')
  await dispatcher.close()
  const rebound = agentOf(['127.0.0.1'], ['127.0.0.2'])
  equal(await codeOf(url, rebound), 'FORBIDDEN_ADDRESS')
  equal(receiver.got.length, 1)
})

test('whoever is refused is told where it would be allowed', async () => {
  const error = await request('http://localhost:1/', { dispatcher: agentOf([]) }).catch((error: Error) => error)
  match((error as Error).message, /^localhost has no address that may be connected to: see egress\.allow\.$/)
})
