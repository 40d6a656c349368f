import type { Resource } from './resource.ts'

const headers = [['content-type', 'application/json']] as const
const none: ReadonlySet<string> = new Set()

/** A document that clients may read; it is written once. */
export function documentAt(path: string, document: object): Resource {
  const body = Buffer.from(JSON.stringify(document))
  return {
    method: 'GET',
    path,
    serve: async exchange => exchange.reply({ status: 200, headers, body }, none),
  }
}
