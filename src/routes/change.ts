import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Problem } from '../problem.ts'

/**
 * What an operator may change, such as `PUT /circuits/orders`. `does` gets the name behind the path (empty where there is
 * none) and the body as parsed JSON (null without one), and returns what is shown afterwards, or a promise of it. It may throw a Problem:
 * invalid-request for a body that it does not understand, unknown-route for a name that there is not.
 */
export type Change = Readonly<{
  method: 'PUT' | 'DELETE'
  path: string // what it is a change of, such as `/circuits`
  named: boolean // whether a name follows
  does: (name: string, body: unknown) => unknown
}>
export type Changed = Readonly<{ status: number; body: unknown }>

const longest = 65_536

/** Serves changes to whoever shows the token; null for a request that is none of them. */
export function changing(
  changes: readonly Change[],
  token: string | undefined,
): (req: IncomingMessage, path: string) => Promise<Changed | null> {
  const expected = token === undefined ? null : digest(token)
  return async (req, path) => {
    const cut = path.lastIndexOf('/')
    const change = changes.find(({ method, path: known, named }) => {
      return method === req.method && (named ? path.slice(0, cut) === known && cut + 1 < path.length : path === known)
    })
    if (change === undefined) return null
    if (expected === null) return failed(403, 'Nothing can be changed: admin.token is not set.')
    const [, shown] = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '') ?? []
    if (shown === undefined || !timingSafeEqual(digest(shown), expected))
      return failed(401, 'Changes need the header `Authorization: Bearer` with the value of admin.token.')
    try {
      const name = change.named ? decodeURIComponent(path.slice(cut + 1)) : ''
      return { status: 200, body: (await change.does(name, await read(req))) ?? { done: true } }
    } catch (error) {
      const problem = error instanceof URIError ? new Problem('invalid-request', 'The path is not UTF-8.') : error
      if (problem instanceof Problem && problem.spec.status < 500) return failed(problem.spec.status, problem.message)
      throw error
    }
  }
}

/** Of equal length whatever the token, as a comparison in constant time wants it. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const failed = (status: number, error: string): Changed => ({ status, body: { error } })

/** The body as JSON; null without one. Throws invalid-request or too-large. */
async function read(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= longest) chunks.push(chunk) // the rest is read and thrown away: ending here would cut the connection
  }
  if (size > longest) throw new Problem('too-large', `A change has at most ${longest} bytes.`)
  if (size === 0) return null
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown
  } catch {
    throw new Problem('invalid-request', 'The body is not JSON.')
  }
}
