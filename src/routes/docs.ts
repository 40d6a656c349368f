import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Pair } from '../call.ts'
import type { Exchange } from './exchange.ts'
import type { Resource } from './resource.ts'

/** Nothing from elsewhere, nobody told; the page makes its own styles, and has no script in it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const settings = {
  withDefaultFonts: false, // they would come from elsewhere
  telemetry: false,
  agent: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true, // it leads elsewhere
  persistAuth: false,
}
const none: ReadonlySet<string> = new Set()

/** The page at /docs: Scalar's reference of /openapi.json. Throws an Error of one sentence when its package is not there. */
export async function docsPages(title: string): Promise<readonly Resource[]> {
  const script = await scriptOf()
  const zipped = await promisify(gzip)(script)
  const tag = `"${createHash('sha256').update(script).digest('base64url').slice(0, 22)}"`
  const page = Buffer.from(pageOf(title))
  const caching: readonly Pair[] = [
    ['ETag', tag],
    ['Cache-Control', 'no-cache'],
    ['Vary', 'Accept-Encoding'],
  ]
  const pageHeaders: readonly Pair[] = [
    ['Content-Security-Policy', policy],
    ['Cache-Control', 'no-cache'],
    ['Referrer-Policy', 'no-referrer'],
  ]
  const give = (exchange: Exchange, type: string, body: Buffer, own: readonly Pair[]): void =>
    exchange.reply({ status: 200, headers: [['content-type', type]], body, own }, none)

  return [
    {
      method: 'GET',
      path: '/docs',
      serve: async exchange => {
        exchange.fields = withoutPolicy(exchange.fields)
        give(exchange, 'text/html; charset=utf-8', page, pageHeaders)
      },
    },
    {
      method: 'GET',
      path: '/docs/scalar.js',
      serve: async exchange => {
        const { 'if-none-match': known, 'accept-encoding': accepted = '' } = exchange.req.headers
        if (known?.includes(tag) === true)
          return exchange.reply({ status: 304, headers: [], body: Buffer.alloc(0), own: caching }, none)
        const type = 'text/javascript; charset=utf-8'
        if (!/\bgzip\b(?!;q=0)/i.test(accepted)) return give(exchange, type, script, caching)
        give(exchange, type, zipped, [...caching, ['Content-Encoding', 'gzip']])
      },
    },
  ]
}

async function scriptOf(): Promise<Buffer> {
  try {
    return await readFile(new URL('browser/standalone.js', import.meta.resolve('@scalar/api-reference')))
  } catch (cause) {
    throw new Error('api.docs needs the package @scalar/api-reference: npm install @scalar/api-reference', { cause })
  }
}

/** That of all answers would forbid the page its own script. */
const withoutPolicy = (fields: Exchange['fields']): Exchange['fields'] =>
  fields?.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== 'content-security-policy') ?? null

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)

const pageOf = (title: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
</head>
<body>
<script id="api-reference" type="application/json" data-url="/openapi.json" data-configuration="${escaped(JSON.stringify(settings))}"></script>
<script src="/docs/scalar.js"></script>
</body>
</html>
`
