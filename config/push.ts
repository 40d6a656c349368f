import type { View } from './view.ts'

/** Checks that subscribers do not get in each other's way, and read nothing that they write. */
export function checkPush(view: View): void {
  const groups = new Map<string, string>()
  for (const name of view.names('push')) {
    const path = ['push', name] as const
    const [topic, dead] = [view.text(...path, 'topic'), view.text(...path, 'dead')]
    const complain = (option: string, found: string | undefined, what: string): void =>
      view.complain([...path, option], `found ${JSON.stringify(found)}, which is ${what}, expected another`)
    if (topic !== undefined && topic === dead) complain('dead', dead, 'the topic of the events')
    for (const own of ['topic', 'replies'])
      if (topic !== undefined && topic === view.text('operations', own)) complain('topic', topic, `operations.${own}`)
    const group = view.text(...path, 'group') ?? `sluice.push.${name}`
    const other = groups.get(`${group} ${topic}`)
    if (other !== undefined) complain('group', group, `that of push.${other}: they would share the events of one`)
    groups.set(`${group} ${topic}`, name)
  }
}
