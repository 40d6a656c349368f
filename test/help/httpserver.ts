import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from './scope.ts'

export type Answers = (req: IncomingMessage, res: ServerResponse, body: string) => void
export type HttpServer = Readonly<{
  url: string
  port: number
  /** Connections so far. */
  connections: () => number
  /** Requests so far. */
  requests: () => number
  close: () => Promise<void>
}>

/** An HTTP server on a free port of 127.0.0.1, or on a given one; gone with the test. */
export async function httpServer(t: Scope, answers: Answers, at = 0): Promise<HttpServer> {
  let connections = 0
  let requests = 0
  const server = createServer((req, res) => {
    requests++
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => answers(req, res, Buffer.concat(chunks).toString()))
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(at, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise<void>(resolve => server.close(() => resolve()))
  }
  t.after(close)
  return { url: `http://127.0.0.1:${port}`, port, connections: () => connections, requests: () => requests, close }
}
