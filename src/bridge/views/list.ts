import { isUtf8 } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { Call, Reply, Service } from '../../call.ts'
import { isoTime } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { checkReady } from './one.ts'
import { reach } from './reach.ts'
import type { Entry } from './rows.ts'
import { etagOf } from './view.ts'
import type { View } from './view.ts'

export type ListOptions = Readonly<{
  pageSize: number
  maxPageSize: number
  /** The names of the query parameters of the declared fields, with the places of these in the view. */
  index: readonly (readonly [name: string, at: number])[]
}>

const json = [['content-type', 'application/json']] as const
const mostBytes = 4 * 1_048_576

/**
 * Answers with a page of what there is, in the order of the keys: the innermost service of a view route without a key. The cursor of
 * a page stands for its last key, so that what changes in between moves nothing.
 */
export function list(view: View, { pageSize, maxPageSize, index }: ListOptions): Service<Call, Reply> {
  return async function list(call) {
    checkReady(view)
    if (call.awaits !== undefined) await reach(view, call)
    const asked = new URLSearchParams(call.told.query)
    const limit = limitOf(asked.get('limit'), pageSize, maxPageSize)
    const prefix = latin1(asked.get('prefix') ?? '')
    const named = index.filter(([name]) => asked.has(name))
    if (named.length > 1) throw invalid(`Just one of ${index.map(([name]) => name).join(', ')} can be asked for.`)
    const [name, at] = named[0] ?? []
    const chosen = name === undefined || at === undefined ? null : { at, value: asked.get(name) ?? '' }
    const of = JSON.stringify([view.topic, prefix, name, chosen?.value])
    const cursor = asked.get('cursor')
    const after = cursor === null ? null : keyOf(cursor, of)
    const entries = view.list({ prefix, after, index: chosen, limit: limit + 1 })
    return { status: 200, headers: json, own: [['Cache-Control', 'no-cache']], body: pageOf(entries, limit, of) }
  }
}

function pageOf(entries: readonly Entry[], limit: number, of: string): Buffer {
  const items: string[] = []
  let bytes = 0
  let last: string | null = null
  for (const [key, row] of entries) {
    if (items.length >= limit || (bytes > mostBytes && items.length > 0)) break
    const item = itemOf(key, row)
    items.push(item)
    bytes += item.length
    last = key
  }
  const next = items.length < entries.length && last !== null ? `,"next":"${cursorOf(last, of)}"` : ''
  return Buffer.from(`{"items":[${items.join(',')}]${next}}`)
}

function itemOf(key: string, row: Entry[1]): string {
  const bytes = Buffer.from(key, 'latin1')
  const name = isUtf8(bytes) ? `"key":${JSON.stringify(bytes.toString())}` : `"keyBase64":"${bytes.toString('base64')}"`
  return `{${name},"etag":${JSON.stringify(etagOf(row))},"modified":"${isoTime(row.modified)}",${valueOf(row.value)}}`
}

function valueOf(value: Buffer): string {
  if (!isUtf8(value)) return `"base64":"${value.toString('base64')}"`
  const text = value.toString()
  try {
    JSON.parse(text)
    return `"value":${text}`
  } catch {
    return `"value":${JSON.stringify(text)}`
  }
}

function limitOf(text: string | null, usual: number, most: number): number {
  if (text === null) return usual
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1 || Number(text) > most)
    throw invalid(`limit must be a number from 1 to ${most}.`)
  return Number(text)
}

/** A cursor holds only for the list that it came with. */
const sum = (key: string, of: string): string => crc32(`${of}\n${key}`).toString(36)
const cursorOf = (key: string, of: string): string =>
  Buffer.from(`${sum(key, of)} ${key}`, 'latin1').toString('base64url')

function keyOf(cursor: string, of: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const blank = text.indexOf(' ')
  const key = text.slice(blank + 1)
  if (blank < 1 || text.slice(0, blank) !== sum(key, of)) throw invalid('The cursor is none of this list.')
  return key
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
const invalid = (detail: string): Problem => new Problem('invalid-request', detail)
