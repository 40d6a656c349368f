import type { View } from './view.ts'

const headers = ['correlation', 'replyTopic', 'replyPartition', 'status', 'error'] as const

/** Checks that a dialect of one's own has its names, and that they tell the headers apart. */
export function checkDialects(view: View): void {
  for (const worker of view.names('workers')) {
    const path = ['workers', worker, 'custom'] as const
    const custom = view.text('workers', worker, 'dialect') === 'custom'
    if (custom && !view.has(...path))
      view.complain(['workers', worker, 'dialect'], 'found "custom" without the names of its headers, expected custom')
    else if (!custom && view.has(...path) && !view.wrong('workers', worker, 'dialect'))
      view.complain(path, 'found without dialect: custom, expected both')
    checkNames(view, worker)
  }
}

function checkNames(view: View, worker: string): void {
  const known = new Map<string, string>()
  for (const header of headers) {
    const path = ['workers', worker, 'custom', header] as const
    const name = view.has(...path) ? view.text(...path)?.toLowerCase() : undefined
    if (name === undefined) continue
    const other = known.get(name)
    if (other === undefined) known.set(name, header)
    else view.complain(path, `found ${JSON.stringify(name)}, which is the header of ${other} already, expected another`)
  }
}
