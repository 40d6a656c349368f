import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { events } from '../events.ts'
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
    let asked: unknown = null
    let changed = failed(500, 'The change failed; the log says why.')
    try {
      return (changed = refusal(req) ?? (await done(change, req, path.slice(cut + 1), body => void (asked = body))))
    } finally {
      tell(req, changed, asked)
    }
  }

  /** Why nobody may change anything with this request, or null. */
  function refusal({ headers }: IncomingMessage): Changed | null {
    if (expected === null) return failed(403, 'Nothing can be changed: admin.token is not set.')
    const [, shown] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
    if (shown !== undefined && timingSafeEqual(digest(shown), expected)) return null
    return failed(401, 'Changes need the header `Authorization: Bearer` with the value of admin.token.')
  }
}

/** Makes the change; `asks` is told what it asks for. */
async function done(
  change: Change,
  req: IncomingMessage,
  last: string,
  asks: (body: unknown) => void,
): Promise<Changed> {
  try {
    const name = change.named ? decodeURIComponent(last) : ''
    const body = await read(req)
    asks(body)
    return { status: 200, body: (await change.does(name, body)) ?? { done: true } }
  } catch (error) {
    const problem = error instanceof URIError ? new Problem('invalid-request', 'The path is not UTF-8.') : error
    if (problem instanceof Problem && problem.spec.status < 500) return failed(problem.spec.status, problem.message)
    throw error
  }
}

/** Who changed what, or tried to. */
function tell({ method = '', url = '', socket }: IncomingMessage, { status, body }: Changed, asked: unknown): void {
  if (!events.audit.hasSubscribers) return
  const why: unknown = status < 400 ? undefined : (body as { error?: unknown }).error
  events.audit.publish({
    change: `${method} ${url}`,
    from: socket.remoteAddress ?? 'unknown',
    status,
    ...(asked !== null && { asked: JSON.stringify(asked) }),
    ...(typeof why === 'string' && { why }),
  })
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
