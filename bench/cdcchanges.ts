import type { Postgres } from '../tools/connect/postgres.ts'
import { Histogram } from './histogram.ts'
import { pass } from './process.ts'

const rows = 50 // each of them changes once a second
const limitMs = 1_000
const figures = (histogram: Histogram): string =>
  `p50 ${histogram.percentileMs(50).toFixed(0)} ms, p99 ${histogram.percentileMs(99).toFixed(0)} ms, longest ${histogram.maxMs.toFixed(0)} ms`

/**
 * How long it takes from the moment in which an UPDATE is sent, its commit included, to the event at a client and to a new ETag of
 * the view, which another client waits for by a long poll. Whether the 99th percentiles are below a second, and no event is missing.
 */
export async function changes(postgres: Postgres, url: string, seconds: number): Promise<boolean> {
  const sent = new Map<string, number>()
  const [events, views] = [new Histogram(), new Histogram()]
  const heard = new Set<string>()
  using session = postgres.session()
  await session.run(`insert into orders select n, 12.34, 'new' from generate_series(0, ${rows - 1}) n`)
  const stop = new AbortController()
  const listening = listen(`${url}/orders/changes`, stop.signal, state => {
    const begun = sent.get(state)
    if (begun === undefined) return
    events.record((performance.now() - begun) * 1_000)
    heard.add(state)
  })

  const one = async (id: number): Promise<void> => {
    let etag = ''
    while (etag === '') {
      etag = (await fetch(`${url}/orders/${id}`)).headers.get('etag') ?? ''
      await pass(50)
    }
    const beginning = start + (id * 1_000) / rows
    for (let second = 0; second < seconds; second++) {
      await pass(Math.max(0, beginning + second * 1_000 - performance.now()))
      const headers = { 'if-none-match': etag, prefer: 'wait=10' }
      const waiting = fetch(`${url}/orders/${id}`, { headers })
      const state = `${id}-${second}`
      const begun = performance.now()
      sent.set(state, begun)
      await session.run(`update orders set state = '${state}' where id = ${id}`)
      const answer = await waiting
      if (answer.status !== 200) throw new Error(`The view answers ${answer.status} instead of the changed row.`)
      etag = answer.headers.get('etag') ?? ''
      await answer.arrayBuffer()
      views.record((performance.now() - begun) * 1_000)
    }
  }
  const start = performance.now() + 5_000
  await Promise.all(Array.from({ length: rows }, (_, id) => one(id)))
  for (const end = performance.now() + 10_000; heard.size < sent.size && performance.now() < end;) await pass(50)
  stop.abort()
  await listening
  const took = (performance.now() - start) / 1_000
  console.log(`${sent.size} changes in ${took.toFixed(1)} s, ${heard.size} heard, ${events.total - heard.size} twice.
  to the event at a client:   ${figures(events)}
  to the new ETag of the view: ${figures(views)}`)
  return heard.size === sent.size && events.percentileMs(99) < limitMs && views.percentileMs(99) < limitMs
}

/** Tells the state of each row that changes, until it is stopped. */
async function listen(url: string, signal: AbortSignal, tell: (state: string) => void): Promise<void> {
  try {
    const { body } = await fetch(url, { headers: { accept: 'text/event-stream' }, signal })
    let rest = ''
    for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines)
        if (line.startsWith('data: ')) tell((JSON.parse(line.slice(6)) as { state: string }).state)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
