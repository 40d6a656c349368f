import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { start } from '../../src/app.ts'
import { client } from '../help/ask.ts'
import { adminOf, anOrder, configOf, merged, openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { useOwnKafka } from '../help/kafka.ts'
import { freshTopics, gatewayOnKafka, onKafka } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const user = { username: 'sluice', password: 'a-password' }
const kafka = useOwnKafka({ sasl: user, tls: 'mutual' })
const { skip } = kafka

type Way = Readonly<{ what: string; brokers: () => string; access: () => Part }>
const files = () => kafka.cluster.files!
const ways: readonly Way[] = [
  {
    what: 'TLS with a certificate of its own',
    brokers: () => kafka.cluster.addresses.SSL,
    access: () => ({ tls: { caFile: files().caFile, certFile: files().certFile, keyFile: files().keyFile } }),
  },
  ...(['plain', 'scram-sha-256', 'scram-sha-512'] as const).flatMap(mechanism => [
    {
      what: `SASL ${mechanism}`,
      brokers: () => kafka.cluster.addresses.SASL_PLAINTEXT,
      access: () => ({ sasl: { mechanism, ...user } }),
    },
    {
      what: `SASL ${mechanism} over TLS`,
      brokers: () => kafka.cluster.addresses.SASL_SSL,
      access: () => ({ sasl: { mechanism, ...user }, tls: { caFile: files().caFile } }),
    },
  ]),
]

for (const { what, brokers, access } of ways)
  test(`the main job by ${what}`, { skip }, async t => {
    const { ask } = await gatewayOnKafka(t, brokers(), { broker: access() }, { demo: true })
    equal((await ask('/orders', { body: anOrder })).status, 201)
    deepEqual((await ask('/orders/o-1')).json, anOrder)
    equal((await ask('/signals', { body: {} })).status, 202)
  })

/** A gateway that is not let in: what it says of it. */
async function shutOut(t: Scope, brokers: string, access: Part): Promise<string> {
  const gateway = await start(configOf(merged(onKafka(brokers, freshTopics()), { broker: access })))
  const { ask, ...held } = client(gateway.url)
  t.after(async () => {
    await gateway.stop()
    held[Symbol.dispose]()
  })
  const admin = adminOf(t, gateway.adminUrl)
  const reasons = await until('the reason is told', async () => {
    const { status, reasons } = await admin.ready()
    equal(status, 503)
    return reasons.some(reason => reason.startsWith('No broker') && !/first connection/.test(reason)) ? reasons : null
  })
  const { status, code, outcome } = await ask('/orders', { body: anOrder })
  deepEqual([status, code, outcome], [503, 'not-ready', 'not-sent'])
  return reasons.join()
}

test(
  'a wrong password, an unknown authority and a missing certificate are told, and nothing ends',
  { skip },
  async t => {
    const { addresses } = kafka.cluster
    const wrong = { mechanism: 'scram-sha-256', ...user, password: 'canary-password' }
    const reasons = {
      password: await shutOut(t, addresses.SASL_PLAINTEXT, { sasl: wrong }),
      authority: await shutOut(t, addresses.SSL, { tls: true }),
      certificate: await shutOut(t, addresses.SSL, { tls: { caFile: files().caFile } }),
    }
    match(reasons.password, /[Aa]uthentication/)
    match(reasons.authority, /certificate/)
    match(
      reasons.certificate,
      /^No broker is reachable: [\d.:]+: [^\n:]*certificate[^\n:]*\.$/,
      'one line, without a place in OpenSSL',
    )
    t.diagnostic(JSON.stringify(reasons))
    ok(!reasons.password.includes('canary'))
  },
)

test('/config shows no password', { skip: false }, async t => {
  const { admin } = await openGateway(t, {
    broker: { sasl: { mechanism: 'plain', username: 'sluice', password: 'canary' } },
  })
  const { text } = await admin.ask('/config')
  match(text, /"mechanism"/)
  ok(!text.includes('canary'), text)
})
