import { instead } from './mistake.ts'
import type { View } from './view.ts'

const others = [
  'async',
  'onTimeout',
  'lateReplies',
  'idempotency',
  'resend',
  'hedge',
  'retryOn',
  'replies',
  'upstream',
] as const

/** Checks the routes that gather replies of many: each worker is there, and no more is asked of them than there are. */
export function checkGather(view: View): void {
  for (const route of view.names('routes')) {
    if (!view.has('routes', route, 'gather')) continue
    const path = ['routes', route, 'gather'] as const
    const kind = (['command', 'query'] as const).find(name => view.has('routes', route, name))
    if (kind === undefined) view.complain(path, 'found on a route without a reply, expected beside a command or query')
    const first = kind === undefined ? undefined : view.text('routes', route, kind, 'to')
    const names = first === undefined ? [] : [first]
    for (let at = 0; view.has(...path, 'also', `${at}`); at++) checkWorker(view, [...path, 'also', `${at}`], names)
    if (view.truth(...path, 'partitions') !== true) checkCounts(view, path, names.length)
    for (const other of others)
      if (view.has('routes', route, other) && !isPlain(view.text('routes', route, other)))
        view.complain(['routes', route, other], 'found beside gather, expected just one of the two')
    if (view.has(...path, 'until', 'equals') && !view.has(...path, 'until', 'of'))
      view.complain([...path, 'until', 'equals'], 'found without of, expected the JSON pointer of what is compared')
  }
}

function checkWorker(view: View, path: readonly string[], names: string[]): void {
  const to = view.text(...path)
  if (to === undefined) return
  const workers = view.names('workers')
  if (!workers.includes(to))
    view.complain(path, `found ${JSON.stringify(to)}, which is no worker, ${instead(to, workers)}`)
  else if (names.includes(to)) view.complain(path, `found ${JSON.stringify(to)} twice, expected another worker`)
  names.push(to)
}

function checkCounts(view: View, path: readonly string[], most: number): void {
  if (most < 2) view.complain(path, 'found with one worker, expected more in also, or partitions: true')
  for (const option of ['complete', 'minimum']) {
    const wanted = view.number(...path, option)
    if (wanted !== undefined && most > 0 && wanted > most)
      view.complain([...path, option], `found ${wanted}, expected at most ${most}, as many as there are workers`)
  }
}

const isPlain = (text: string | undefined): boolean => text === 'off' || text === 'fail'
