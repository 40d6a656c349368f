import type { Path } from './option.ts'
import type { View } from './view.ts'

const limits: readonly string[] = ['requests', 'bytes']
const single: readonly string[] = [...limits, 'windowMs']

/** Checks what clients may send to each route: every window limits something, and has a name of its own. */
export function checkQuotas(view: View): void {
  for (const route of view.names('routes')) {
    const quota = ['routes', route, 'quota'] as const
    if (!view.isMapping(...quota) || view.wrong(...quota)) continue
    if (view.has(...quota, 'windows')) checkWindows(view, quota)
    else checkLimited(view, quota, 'requests, bytes or windows')
  }
}

function checkWindows(view: View, quota: Path): void {
  const beside = single.find(option => view.has(...quota, option))
  if (beside !== undefined) view.complain([...quota, beside], 'found beside windows, expected it inside each of them')
  const names = new Map<string, number>()
  let count = 0
  for (; view.has(...quota, 'windows', `${count}`); count++) {
    const window = [...quota, 'windows', `${count}`]
    checkLimited(view, window, 'requests or bytes')
    const given = view.text(...window, 'name')
    const name = given ?? `its length, ${view.number(...window, 'windowMs')} ms`
    const other = names.get(name)
    if (other !== undefined)
      view.complain(
        given === undefined ? window : [...window, 'name'],
        `is named as windows.${other}, by ${name}: expected another name`,
      )
    names.set(name, count)
  }
  if (count === 0) view.complain([...quota, 'windows'], 'found none, expected at least one')
}

function checkLimited(view: View, path: Path, expected: string): void {
  if (!limits.some(limit => view.has(...path, limit))) view.complain(path, `limits nothing, expected ${expected}`)
}
