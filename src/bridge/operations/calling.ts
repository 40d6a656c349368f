import { isUtf8 } from 'node:buffer'
import { headerOf } from '../../call.ts'
import type { Reply } from '../../call.ts'
import { signed } from '../deliver/index.ts'
import type { Message } from '../deliver/index.ts'
import { problems } from '../../problem.ts'
import type { Operation } from './entry.ts'
import { timeOf } from './event.ts'
import { stateOf } from './state.ts'

type Writing = Readonly<{ key: Buffer; passes: ReadonlySet<string> }>

/** What a callback is told: the end of its operation, as Standard Webhooks has messages. Its id is the operation's. */
export function messageOf(operation: Operation, url: URL, { key, passes }: Writing): Message {
  const { id, ending } = operation
  const { callback: _, ...state } = stateOf(operation)
  const data = members(state, outcomeOf(operation, passes))
  const body = members({ type: `operation.${state.state}`, timestamp: timeOf(ending?.said.at ?? 0) }, { data })
  const headers = ['content-type', 'application/json', 'user-agent', 'sluice', ...signed(key, id, body)]
  return { path: `${url.pathname}${url.search}`, headers, body }
}

type Written = Readonly<Record<string, string>> // JSON by member
const members = (first: object, more: Written): string =>
  `${JSON.stringify(first).slice(0, -1)}${Object.entries(more)
    .map(([name, json]) => `,"${name}":${json}`)
    .join('')}}`

function outcomeOf({ ending }: Operation, passes: ReadonlySet<string>): Written {
  const said = ending?.said
  if (said?.kind === 'completed') return { reply: told(said.reply(), passes) }
  if (said?.kind !== 'failed') return {}
  const { title, status } = problems[said.code]
  return { problem: JSON.stringify({ code: said.code, title, status, detail: said.detail, outcome: said.outcome }) }
}

function told({ status, headers, body }: Reply, passes: ReadonlySet<string>): string {
  const pairs = headers.filter(([name]) => name === 'content-type' || passes.has(name))
  return members({ status, headers: Object.fromEntries(pairs) }, contentOf(Buffer.from(body), headers))
}

/** As it is where it is JSON, as parsing would cut long numbers; else as text, else in base64. */
function contentOf(body: Buffer, headers: Reply['headers']): Written {
  if (body.length === 0) return {}
  if (!isUtf8(body)) return { base64: JSON.stringify(body.toString('base64')) }
  const text = body.toString()
  const type = headerOf(headers, 'content-type') ?? ''
  return /[/+]json\b/.test(type) && isJson(text) ? { body: text } : { text: JSON.stringify(text) }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
