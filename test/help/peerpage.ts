import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Peer } from './peers.ts'

/** docs/peers.md: what is written between `<!-- played: TITLE -->` and `<!-- end -->` is what the test of that peer saw. */
const file = join(import.meta.dirname, '..', '..', 'docs', 'peers.md')
/** Set by `npm run peers -- --write`: the page then gets what was seen. */
export const writing = 'SLUICE_WRITE_PEERS'

type Seen = Pick<Peer, 'title' | 'example' | 'rows'>
/** What the page has of one peer: its line in the table of all, and its own table. */
export type Rows = Readonly<{ line: string; table: string }>

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const code = (text: string): string => (text.startsWith('without ') ? text : `\`${text.replaceAll('|', '\\|')}\``)
/** Status and what it is of: the content type of a reply, the code of a problem. */
const short = (gets: string): string => gets.split(' · ', 1)[0]!.replace(/ \(.*\)$/, '')

export function rowsOf({ title, example, rows }: Seen): Rows {
  const all = Object.entries(rows) as [Case, Peer['rows'][Case]][]
  return {
    line: row(`[${title}](../examples/${example})`, ...all.map(([, [, gets]]) => short(gets))),
    table: [
      row('case', 'what the worker does', 'what the client gets'),
      '|---|---|---|',
      ...all.map(([name, [does, gets]]) => row(name, does, gets.split(' · ').map(code).join(' '))),
    ].join('\n'),
  }
}

/** What the page says of a peer, once it has been written when that was asked for. */
export function written(seen: Seen): Rows {
  const title = RegExp.escape(seen.title)
  const line = new RegExp(String.raw`^\| \[${title}\]\(.*$`, 'm')
  const table = new RegExp(String.raw`(?<=<!-- played: ${title} -->\n\n)[\s\S]*?(?=\n\n<!-- end -->)`)
  if (process.env[writing] === '1') {
    const rows = rowsOf(seen)
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace(line, () => rows.line).replace(table, () => rows.table),
    )
  }
  const text = readFileSync(file, 'utf8')
  return { line: line.exec(text)?.[0] ?? '', table: table.exec(text)?.[0] ?? '' }
}
