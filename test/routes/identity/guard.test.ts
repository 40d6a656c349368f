import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Problem } from '../../../src/problem.ts'
import { admission } from '../../../src/routes/identity/guard.ts'
import { identityOf } from '../../../src/routes/identity/claims.ts'
import type { Exchange } from '../../../src/routes/exchange.ts'
import { configOf } from '../front.ts'

const alice = identityOf('shop', 'alice', 'read', { sub: 'alice' })
const challenges = [{ scheme: 'Bearer', more: '' } as const, { scheme: 'Basic', more: ', charset="UTF-8"' } as const]

type Seen = { code: string | null; fields: readonly string[] | null; served: boolean; client: string | undefined }
async function seen(
  options: object,
  identify: () => ReturnType<Parameters<typeof admission>[0]>,
  authorization?: string,
): Promise<Seen> {
  const { routes } = configOf({ a: { match: 'GET /', query: { to: 'orders' }, ...options } })
  const got: Seen = { code: null, fields: null, served: false, client: undefined }
  const exchange = {
    req: { headers: { authorization }, hasBody: false },
    fields: null,
    identity: null,
    admission: null,
    breakOff: () => false,
    refuse: (problem: Problem) => void (got.code = problem.code),
  } as unknown as Exchange
  const serve = admission(identify, 'shop', challenges).route({ name: 'a', route: routes['a']! }, () => {
    got.served = true
  })
  serve(exchange, {})
  await exchange.admission?.catch(() => {})
  await Promise.resolve()
  return { ...got, fields: exchange.fields, client: exchange.identity?.client }
}
const wrong = (): never => {
  throw new Problem('unauthenticated', 'The token "has" expired.')
}

test('who says nothing is asked in every scheme, without an error', async () => {
  deepEqual(await seen({ identity: 'required' }, () => null), {
    code: 'unauthenticated',
    fields: ['WWW-Authenticate', 'Bearer realm="shop"', 'WWW-Authenticate', 'Basic realm="shop", charset="UTF-8"'],
    served: false,
    client: undefined,
  })
})

test('a token that is wrong is told why, also where none is required', async () => {
  for (const identity of ['required', 'optional'])
    for (const identify of [wrong, async () => wrong()]) {
      const { code, fields, served } = await seen({ identity }, identify, 'Bearer x')
      deepEqual([code, served], ['unauthenticated', false])
      equal(fields?.[1], 'Bearer realm="shop", error="invalid_token", error_description="The token has expired."')
    }
})

test('a scope that is missing is named', async () => {
  const { code, fields, served } = await seen({ identity: 'required', scopes: ['read', 'write'] }, () => alice)
  deepEqual([code, served], ['forbidden', false])
  deepEqual(fields, ['WWW-Authenticate', 'Bearer realm="shop", error="insufficient_scope", scope="read write"'])
})

test('a client that is known, at once or later, and an anonymous one where that is allowed, are served', async () => {
  for (const identify of [() => alice, async () => alice])
    deepEqual(await seen({ identity: 'required', scopes: ['read'] }, identify), {
      code: null,
      fields: null,
      served: true,
      client: 'shop/alice',
    })
  const anonymous = await seen({ identity: 'optional' }, () => null)
  deepEqual([anonymous.served, anonymous.client], [true, undefined])
})
