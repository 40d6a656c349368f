import { instead } from './mistake.ts'
import type { View } from './view.ts'

/** Checks that processes and their steps name what there is, and that conditions look back. */
export function checkProcesses(view: View): void {
  for (const process of view.names('processes')) {
    const names: string[] = []
    for (let at = 0; view.has('processes', process, 'steps', `${at}`); at++) {
      const step = ['processes', process, 'steps', `${at}`]
      checkWorker(view, [...step, 'to'])
      checkWorker(view, [...step, 'undo', 'to'])
      if (view.has(...step, 'when')) checkWhen(view, step, names)
      const name = view.text(...step, 'name')
      if (name === undefined) continue
      if (names.includes(name))
        view.complain([...step, 'name'], `found ${JSON.stringify(name)} twice, expected another`)
      names.push(name)
    }
  }
  const processes = view.names('processes')
  for (const route of view.names('routes')) {
    const run = view.text('routes', route, 'process', 'run')
    if (run !== undefined && !processes.includes(run))
      view.complain(
        ['routes', route, 'process', 'run'],
        `found ${JSON.stringify(run)}, which is no process, ${instead(run, processes)}`,
      )
    for (const other of ['lateReplies', 'resend', 'hedge', 'retryOn', 'fallback'])
      if (run !== undefined && view.has('routes', route, other))
        view.complain(['routes', route, other], 'found on a process, which has steps with options of their own')
  }
}

function checkWorker(view: View, path: readonly string[]): void {
  const to = view.text(...path)
  const workers = view.names('workers')
  if (to === undefined || workers.includes(to)) return
  view.complain(path, `found ${JSON.stringify(to)}, which is no worker, ${instead(to, workers)}`)
}

function checkWhen(view: View, step: readonly string[], earlier: readonly string[]): void {
  const named = view.text(...step, 'when', 'step')
  if (named !== undefined && !earlier.includes(named))
    view.complain([...step, 'when', 'step'], `found ${JSON.stringify(named)}, expected the name of an earlier step`)
  else if (earlier.length === 0) view.complain([...step, 'when'], 'found on the first step, which has none before it')
  if (view.has(...step, 'when', 'equals') && !view.has(...step, 'when', 'of'))
    view.complain([...step, 'when', 'equals'], 'found without of, expected the JSON pointer of what is compared')
}
