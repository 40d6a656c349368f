import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from './scope.ts'

/** What a registry has: by path and query, the answer; a number is a status. */
export type Answers = Record<string, unknown>

/** A registry in the test's hand, over HTTP: it answers what it is told to, and remembers what it was asked. */
export async function fakeRegistry(t: Scope, answers: Answers = {}) {
  const asked: string[] = []
  const authorizations: (string | undefined)[] = []
  const held: (() => void)[] = []
  let mode: 'answers' | 'silent' | 'broken' = 'answers'
  const server = createServer((req, res) => {
    const path = req.url ?? ''
    asked.push(path)
    authorizations.push(req.headers.authorization)
    if (mode === 'silent') {
      held.push(() => res.destroy())
      return
    }
    const found = mode === 'broken' ? 503 : (answers[path] ?? 404)
    if (typeof found === 'number') res.writeHead(found).end('{"message":"no","error_code":1}')
    else res.end(typeof found === 'string' ? found : JSON.stringify(found))
  })
  const listening = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  t.after(() => {
    for (const end of held) end()
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    authorizations,
    answers,
    becomes: (next: typeof mode) => void (mode = next),
  }
}
