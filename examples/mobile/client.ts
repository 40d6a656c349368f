// A client whose connection may be gone at any moment, as on a phone: it comes back and goes on where it was.

/** What survives: kept by `save` whenever it changes, so that an application that was closed goes on, too. */
export type Purchase = Readonly<{
  key: string // the Idempotency-Key: made once, before anything is sent
  body: unknown
  operation: string | null // where the operation is, once that is known
  lastEvent: string // the latest event that was heard
}>
export type Outcome = Readonly<{ status: number; body: unknown }>
export type Phone = Readonly<{
  url: string
  apiKey: string
  save: (purchase: Purchase) => void
  heard: (event: string, data: unknown) => void
  /** How long it waits before it comes back, in ms. */
  againMs?: number
  /** The application is closed: `buy` throws the reason. */
  signal?: AbortSignal
}>

const finals: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'expired'])

/** Buys, however often the connection breaks: the command runs once. */
export async function buy(phone: Phone, begun: Purchase): Promise<Outcome> {
  let purchase = begun
  const keep = (change: Partial<Purchase>): void => phone.save((purchase = { ...purchase, ...change }))
  keep({})
  for (;;) {
    try {
      if (purchase.operation === null) {
        const answer = await ask(phone, '/tickets', {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': `"${purchase.key}"`,
            prefer: 'respond-async',
          },
          body: JSON.stringify(purchase.body),
        })
        const place = answer.headers.get('location')
        if (answer.status !== 202 || place === null) return await outcomeOf(answer)
        keep({ operation: place })
        await answer.body?.cancel()
      } else {
        await listen(phone, purchase, lastEvent => keep({ lastEvent }))
        const answer = await ask(phone, purchase.operation, { headers: { prefer: 'wait=30' } })
        if (answer.status !== 202) return await outcomeOf(answer)
        await answer.body?.cancel()
      }
    } catch (error) {
      phone.signal?.throwIfAborted()
      if (!isGone(error)) throw error
      await new Promise(resolve => setTimeout(resolve, phone.againMs ?? 1_000))
    }
  }
}

/** Hears what happens to the operation, from behind what it has heard, until its end. */
async function listen(phone: Phone, { operation, lastEvent }: Purchase, keep: (id: string) => void): Promise<void> {
  const headers = { accept: 'text/event-stream', ...(lastEvent !== '' && { 'last-event-id': lastEvent }) }
  const answer = await ask(phone, `${operation}/events`, { headers })
  if (answer.status !== 200 || answer.body === null) return await answer.body?.cancel() // 204: it has heard the end
  let text = ''
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map(line => line.split(/: ?(.*)/, 2) as [string, string]),
      )
      text = text.slice(end + 2)
      const [event, id] = [fields.get('event'), fields.get('id')]
      if (event === undefined || id === undefined) continue // a heartbeat
      phone.heard(event, JSON.parse(fields.get('data') ?? 'null'))
      keep(id)
      if (finals.has(event)) return
    }
  }
  throw new TypeError('the connection broke') // a stream that is cut may look like one that ended
}

type Asked = Readonly<{ method?: string; headers: Readonly<Record<string, string>>; body?: string }>

const ask = ({ url, apiKey, signal }: Phone, path: string, { headers, ...more }: Asked): Promise<Response> =>
  fetch(new URL(path, url), { ...more, ...(signal && { signal }), headers: { ...headers, 'x-api-key': apiKey } })

/** 409, 429 and 503 say that it is worth coming again; everything else is final. */
async function outcomeOf(answer: Response): Promise<Outcome> {
  const text = await answer.text()
  if ([409, 429, 503].includes(answer.status)) throw new TypeError('come again')
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
}

/** What `fetch` and its body throw when the network is gone. */
const isGone = (error: unknown): boolean => error instanceof TypeError || (error as Error).name === 'AbortError'
