import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import { openapi } from '../../../src/routes/openapi/index.ts'
import { jwtOf } from '../../help/issuer.ts'

type Operation = { security?: unknown; responses: Record<string, { description: string }> }
type Document = { paths: Record<string, Record<string, Operation>>; components: { securitySchemes?: object } }

test('a document tells who vouches for clients, and which route asks for what', () => {
  const event = { topic: 'a' }
  const { paths, components } = openapi(
    Config.parse({
      identity: {
        providers: {
          shop: jwtOf({ url: 'https://a/jwks' }),
          partners: { apiKeys: { file: 'keys' } },
          tills: { basic: { file: 'users' } },
        },
      },
      routes: {
        a: { match: 'POST /a', event, identity: 'required', scopes: ['x'] },
        b: { match: 'POST /b', event, identity: 'optional' },
        c: { match: 'POST /c', event },
      },
    }),
  ) as unknown as Document
  deepEqual(components.securitySchemes, {
    shop: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    partners: { type: 'apiKey', in: 'header', name: 'x-api-key' },
    tills: { type: 'http', scheme: 'basic' },
  })
  const [a, b, c] = ['/a', '/b', '/c'].map(path => paths[path]!['post']!)
  deepEqual(a!.security, [{ shop: ['x'] }, { partners: ['x'] }, { tills: ['x'] }])
  deepEqual(b!.security, [{ shop: [] }, { partners: [] }, { tills: [] }, {}])
  equal(c!.security, undefined)
  deepEqual(
    [a, b, c].map(each => [401, 403].filter(status => String(status) in each!.responses)),
    [[401, 403], [401], []],
  )
})
