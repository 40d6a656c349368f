/** What a client was told; `outcome` is `broken` where the connection ended without an answer, and `silent` where none came in time. */
export type Told = Readonly<{
  status: number
  outcome: string
  code: string
  location: string | null
  operation: string | null // its state
  body: Readonly<Record<string, unknown>>
}>

const giveUpMs = 20_000
const nothing = { status: 0, code: '', location: null, operation: null, body: {} }

/** Asks once. Null: nobody listened there, so that nothing has reached anybody. */
export async function ask(url: string, init: Readonly<RequestInit>): Promise<Told | null> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(giveUpMs) })
    const { status, headers } = response
    const body = (await response.json()) as Told['body']
    return {
      status,
      outcome: headers.get('sluice-outcome') ?? '',
      code: typeof body['code'] === 'string' ? body['code'] : '',
      location: headers.get('location'),
      operation: headers.get('sluice-operation'),
      body,
    }
  } catch (error) {
    const { name, cause } = error as Error
    if (name === 'TimeoutError') return { ...nothing, outcome: 'silent' }
    return codeOf(cause) === 'ECONNREFUSED' ? null : { ...nothing, outcome: 'broken' }
  }
}

const codeOf = (cause: unknown): unknown => (Object(cause) as Readonly<{ code?: unknown }>).code

export const json = (body: object, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
