import { randomUUID } from 'node:crypto'
import type { Errand } from './population.ts'

/** A request with values in double braces. */
export type Template = Readonly<{
  method: string
  path: string
  headers: Readonly<Record<string, string>>
  body: string
}>

type Write = (errand: Errand, wantedUntil: number) => string

/** Whether answers and records can be told apart by their body, which a worker of the laboratory sends back. */
export const identifies = ({ body }: Template): boolean => body.includes('"id":"{{id}}"')

/** Writes requests after a template. What is no value stays as it is written. */
export function compile({ method, path, headers, body }: Template, host: string): Write {
  const counter = { next: 0 }
  const [target, content] = [filler(path, counter), filler(body, counter)]
  const own = Object.entries(headers).map(([name, value]) => filler(`${name}: ${value}\r\n`, counter))
  const named = Object.keys(headers).map(name => name.toLowerCase())
  const type = named.includes('content-type') ? '' : 'Content-Type: application/json\r\n'
  const bare = method === 'GET' || method === 'HEAD'
  return (errand, wantedUntil) => {
    const text = bare ? '' : bytes(content(errand, wantedUntil))
    const more = own.map(write => write(errand, wantedUntil)).join('')
    counter.next++
    const size = bare ? '' : `${type}Content-Length: ${text.length}\r\n`
    return `${method} ${target(errand, wantedUntil)} HTTP/1.1\r\nHost: ${host}\r\n${more}X-Forwarded-For: ${errand.client}\r\n${size}\r\n${text}`
  }
}

/** A character for each byte, as the connection writes it. */
const bytes = (text: string): string => (beyondAscii.test(text) ? Buffer.from(text).toString('latin1') : text)
const beyondAscii = /[^\x00-\x7f]/ // oxlint-disable-line no-control-regex

const value = /\{\{([a-zA-Z]+)((?: [^{}]*)?)\}\}/g

/** The text in pieces, so that a request costs a concatenation and no search. */
function filler(text: string, counter: Readonly<{ next: number }>): Write {
  const pieces: (string | Write)[] = []
  let at = 0
  for (const found of text.matchAll(value)) {
    const write = valueOf(found[1] ?? '', (found[2] ?? '').trim().split(/ +/), counter)
    if (write === null) continue
    pieces.push(text.slice(at, found.index), write)
    at = found.index + found[0].length
  }
  pieces.push(text.slice(at))
  return (errand, wantedUntil) => {
    let whole = ''
    for (const piece of pieces) whole += typeof piece === 'string' ? piece : piece(errand, wantedUntil)
    return whole
  }
}

function valueOf(name: string, args: readonly string[], counter: Readonly<{ next: number }>): Write | null {
  if (name === 'id' || name === 'key' || name === 'client') return errand => errand[name]
  if (name === 'seq') return () => String(counter.next)
  if (name === 'uuid') return () => randomUUID()
  if (name === 'wantedUntil') return (_, wantedUntil) => String(Math.round(wantedUntil))
  if (name === 'pick') return () => args[Math.floor(Math.random() * args.length)] ?? ''
  if (name !== 'int') return null
  const [from = 0, to = 0] = args.map(Number)
  return () => String(from + Math.floor(Math.random() * (to - from + 1)))
}
