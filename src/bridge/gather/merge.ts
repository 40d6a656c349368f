import type { Pair, Reply } from '../../call.ts'
import type { Problem } from '../../problem.ts'
import { jsonFrom, textOf } from '../feeds/content.ts'

/** What has become of one part of a gathered call; null: it has not answered yet. */
export type Part = Readonly<{ name: string; said: Reply | Problem | null }>

const json: readonly Pair[] = [['content-type', 'application/json']]

/** All parts in one JSON document, each with its status; the bodies that are JSON stand in it byte for byte. */
export function merged(parts: readonly Part[], as: 'array' | 'object', partial: string | null): Reply {
  const told = parts.map(({ name, said }) => [name, membersOf(said)] as const)
  const text =
    as === 'array'
      ? `[${told.map(([name, members]) => `{"part":${JSON.stringify(name)},${members}}`).join(',')}]`
      : `{${told.map(([name, members]) => `${JSON.stringify(name)}:{${members}}`).join(',')}}`
  const own: readonly Pair[] = partial === null ? [] : [['Sluice-Partial', partial]]
  return { status: 200, headers: json, own, body: Buffer.from(text) }
}

function membersOf(said: Part['said']): string {
  if (said === null) return '"status":504,"code":"reply-timeout"'
  if ('code' in said) return `"status":${said.spec.status},"code":${JSON.stringify(said.code)}`
  const { status, body } = said
  if (body.length === 0) return `"status":${status}`
  const text = textOf(body)
  return `"status":${status},"body":${jsonFrom(body) === undefined ? JSON.stringify(text) : text}`
}
