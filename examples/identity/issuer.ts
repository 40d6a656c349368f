import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { pathToFileURL } from 'node:url'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** An issuer to play with: its keys at /jwks, and a token for anybody at /token/<subject>. */
export async function issuer(port: number): Promise<Server> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }]
  const sign = (subject: string): Promise<string> =>
    new SignJWT({ scope: 'orders:write' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer('https://issuer.example')
      .setAudience('orders')
      .setSubject(subject)
      .setExpirationTime('10 minutes')
      .sign(privateKey)
  const server = createServer((req, res) => {
    const [, what, subject = 'alice'] = (req.url ?? '').split('/')
    if (what === 'jwks') res.end(JSON.stringify({ keys }))
    else
      sign(subject).then(
        token => res.end(token),
        () => res.destroy(),
      )
  })
  const listening = Promise.withResolvers<void>()
  server.listen(port, '127.0.0.1', listening.resolve)
  await listening.promise
  return server
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await issuer(9_000)
